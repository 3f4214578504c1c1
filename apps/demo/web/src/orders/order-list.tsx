import { takeStepUp } from '@sallyport/client/step-up'
import { useEffect, useState } from 'react'
import { cancelOrder, type Order, refundOrder, toRefund } from '../api.ts'
import { useClient } from '../client-context.ts'
import type { Failure } from '../failure.ts'
import { formatPrice, formatTime } from '../format.ts'
import { FailureNotice } from '../shell/failure-notice.tsx'
import { Skeleton } from '../shell/skeleton.tsx'
import type { Loaded } from '../use-answer.ts'

/** From here on a stock is worth a second look. */
const lowStock = 5

interface OrderListProps {
  orders: Loaded<Order[]>
  newestId: string | undefined
  onChanged(): void
}

/** The orders, each with the stock of its product right now. */
export function OrderList({ orders, newestId, onChanged }: OrderListProps) {
  const { answer, isLoading, reload } = orders
  const { change, changingId, failure } = useOrderChanges(onChanged)

  return (
    <section className="card order-list" aria-label="Your orders" aria-busy={isLoading}>
      {failure && <FailureNotice failure={failure} />}
      {!answer && <Skeleton lines={6} />}
      {answer && !answer.ok && <FailureNotice failure={answer.failure} onRetry={reload} />}
      {answer?.ok && answer.value.length === 0 && <NoOrders />}
      {answer?.ok && answer.value.length > 0 && (
        <table data-testid="orders">
          <thead>
            <tr>
              <th scope="col">Product</th>
              <th scope="col" className="number">
                Quantity
              </th>
              <th scope="col" className="number">
                Total
              </th>
              <th scope="col" className="number">
                In stock now
              </th>
              <th scope="col">Status</th>
              <th scope="col">
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {answer.value.map((order) => (
              <OrderRow
                key={order.id}
                order={order}
                isNew={order.id === newestId}
                isChanging={order.id === changingId}
                onCancel={() => void change(cancelOrder, order.id)}
                onRefund={() => void change(refundOrder, order.id)}
              />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

/** Changes one order at a time, and goes on after a return from a sign-in that a change needed. */
function useOrderChanges(onChanged: () => void) {
  const client = useClient()
  const [changingId, setChangingId] = useState<string>()
  const [failure, setFailure] = useState<Failure>()

  const change = async (send: typeof cancelOrder, id: string) => {
    setChangingId(id)
    setFailure(undefined)
    const answer = await send(client, id)
    setChangingId(undefined)
    if (answer.ok) onChanged()
    else setFailure(answer.failure)
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page is there again
  useEffect(() => {
    const id = toRefund(takeStepUp(client))
    if (id) void change(refundOrder, id)
  }, [])

  return { change, changingId, failure }
}

interface OrderRowProps {
  order: Order
  isNew: boolean
  isChanging: boolean
  onCancel(): void
  onRefund(): void
}

function OrderRow({ order, isNew, isChanging, onCancel, onRefund }: OrderRowProps) {
  const { name, quantity, total, createdAt, refundedAt, stock } = order
  const status = refundedAt ? 'refunded' : order.status
  return (
    <tr className={isNew ? 'new' : undefined} data-testid="order">
      <th scope="row">
        {name}
        <time dateTime={createdAt}>{formatTime(createdAt)}</time>
      </th>
      <td className="number" data-label="Quantity">
        {quantity}
      </td>
      <td className="number" data-label="Total">
        {formatPrice(total)}
      </td>
      <td className="number" data-label="In stock">
        <span className={stock <= lowStock ? 'stock low' : 'stock'} data-testid="order-stock">
          {stock}
        </span>
      </td>
      <td className="status">
        <span className={`badge ${status}`}>{status}</span>
      </td>
      <td className="actions">
        {!refundedAt && (
          <button
            type="button"
            className="button plain small"
            onClick={onRefund}
            disabled={isChanging}
            aria-label={`Refund the order of ${name}`}
          >
            Refund
          </button>
        )}
        {status === 'placed' && (
          <button
            type="button"
            className="button plain small"
            onClick={onCancel}
            disabled={isChanging}
            aria-label={`Cancel the order of ${name}`}
          >
            Cancel
          </button>
        )}
      </td>
    </tr>
  )
}

function NoOrders() {
  return (
    <div className="empty" data-testid="no-orders">
      <svg viewBox="0 0 48 48" aria-hidden="true">
        <path d="M8 17l16-8 16 8v15l-16 8-16-8zM8 17l16 8 16-8M24 25v15M16 13l16 8v6" />
      </svg>
      <h2>Nothing ordered yet</h2>
      <p>Place the first one: it appears here with the stock that is left.</p>
    </div>
  )
}
