import { useCallback, useState } from 'react'
import { listItems, listOrders } from '../api.ts'
import { useAnswer } from '../use-answer.ts'
import { OrderForm } from './order-form.tsx'
import { OrderList } from './order-list.tsx'

/** What was ordered, and the form to order more. */
export function OrdersPage() {
  const orders = useAnswer(listOrders)
  const items = useAnswer(listItems)
  const [newestId, setNewestId] = useState<string>()

  const showChange = useCallback(
    (placedId?: string) => {
      setNewestId(placedId)
      orders.reload()
      items.reload()
    },
    [orders.reload, items.reload],
  )

  return (
    <div className="orders-page">
      <div className="page-head">
        <h1>Orders</h1>
        <button
          type="button"
          className="button quiet small"
          onClick={() => showChange()}
          disabled={orders.isLoading}
        >
          Refresh
        </button>
      </div>
      <OrderList orders={orders} newestId={newestId} onChanged={showChange} />
      <OrderForm items={items} onPlaced={showChange} />
    </div>
  )
}
