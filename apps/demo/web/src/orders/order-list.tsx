import type { Order } from '../api.ts'
import { formatTime } from '../format.ts'
import { FailureNotice } from '../shell/failure-notice.tsx'
import { Skeleton } from '../shell/skeleton.tsx'
import type { Loaded } from '../use-answer.ts'

/** From here on a stock is worth a second look. */
const lowStock = 5

interface OrderListProps {
  orders: Loaded<Order[]>
  newestId: string | undefined
}

/** The orders, each with the stock of its product right now. */
export function OrderList({ orders, newestId }: OrderListProps) {
  const { answer, isLoading, reload } = orders
  return (
    <section className="card order-list" aria-label="Your orders" aria-busy={isLoading}>
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
              <th scope="col">Status</th>
              <th scope="col">Placed</th>
              <th scope="col" className="number">
                In stock now
              </th>
            </tr>
          </thead>
          <tbody>
            {answer.value.map((order) => (
              <OrderRow key={order.id} order={order} isNew={order.id === newestId} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function OrderRow({ order, isNew }: { order: Order; isNew: boolean }) {
  const { name, sku, quantity, status, createdAt, stock } = order
  return (
    <tr className={isNew ? 'new' : undefined} data-testid="order">
      <th scope="row">
        {name}
        <code className="sku">{sku}</code>
      </th>
      <td className="number" data-label="Quantity">
        {quantity}
      </td>
      <td data-label="Status">
        <span className={`badge ${status}`}>{status}</span>
      </td>
      <td className="placed">
        <time dateTime={createdAt}>{formatTime(createdAt)}</time>
      </td>
      <td className="number" data-label="In stock">
        <Stock count={stock ?? undefined} />
      </td>
    </tr>
  )
}

function Stock({ count }: { count: number | undefined }) {
  if (count === undefined) return <span className="stock unknown">unknown</span>
  return <span className={count <= lowStock ? 'stock low' : 'stock'}>{count}</span>
}

function NoOrders() {
  return (
    <div className="empty" data-testid="no-orders">
      <svg viewBox="0 0 48 48" aria-hidden="true">
        <path d="M8 17l16-8 16 8v15l-16 8-16-8zM8 17l16 8 16-8M24 25v15M16 13l16 8v6" />
      </svg>
      <h2>No orders yet</h2>
      <p>Place the first one: it appears here with the stock that is left.</p>
    </div>
  )
}
