import { type FormEvent, useId, useState } from 'react'
import { type Answer, type Item, type Order, placeOrder } from '../api.ts'
import { useClient } from '../client-context.ts'
import { formatPrice } from '../format.ts'
import { FailureNotice } from '../shell/failure-notice.tsx'
import { Skeleton } from '../shell/skeleton.tsx'
import type { Loaded } from '../use-answer.ts'

interface OrderFormProps {
  items: Loaded<Item[]>
  onPlaced(id: string): void
}

/** Orders one product of the inventory. */
export function OrderForm({ items, onPlaced }: OrderFormProps) {
  const { answer, reload } = items
  const titleId = useId()
  return (
    <section className="card order-form" aria-labelledby={titleId}>
      <h2 id={titleId}>Place an order</h2>
      {!answer && <Skeleton lines={4} />}
      {answer && !answer.ok && <FailureNotice failure={answer.failure} onRetry={reload} />}
      {answer?.ok && <Fields items={answer.value} onPlaced={onPlaced} />}
    </section>
  )
}

function Fields({ items, onPlaced }: { items: Item[]; onPlaced(id: string): void }) {
  const client = useClient()
  const [sku, setSku] = useState(items[0]?.sku ?? '')
  const [quantity, setQuantity] = useState(1)
  const [isSending, setIsSending] = useState(false)
  const [outcome, setOutcome] = useState<Answer<Order>>()
  const ids = { sku: useId(), quantity: useId(), stock: useId() }
  const item = items.find((candidate) => candidate.sku === sku)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setIsSending(true)
    setOutcome(undefined)
    const placed = await placeOrder(client, { sku, quantity })
    setIsSending(false)
    setOutcome(placed)
    if (placed.ok) onPlaced(placed.value.id)
  }

  return (
    <form onSubmit={submit}>
      <label htmlFor={ids.sku}>Product</label>
      <select id={ids.sku} value={sku} onChange={(event) => setSku(event.target.value)}>
        {items.map(({ sku: value, name }) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
      <p className="hint" id={ids.stock}>
        {item ? `${formatPrice(item.price)} each, ${item.stock} in stock` : 'No product to order'}
      </p>

      <label htmlFor={ids.quantity}>Quantity</label>
      <input
        id={ids.quantity}
        type="number"
        inputMode="numeric"
        min={1}
        step={1}
        required
        value={Number.isNaN(quantity) ? '' : quantity}
        onChange={(event) => setQuantity(event.target.valueAsNumber)}
        aria-describedby={ids.stock}
      />

      <p className="total">
        <span>Total</span>
        <strong data-testid="order-total">
          {item && quantity > 0
            ? formatPrice({ ...item.price, amount: item.price.amount * quantity })
            : '–'}
        </strong>
      </p>
      <button type="submit" className="button primary large" disabled={isSending || !item}>
        {isSending ? 'Placing…' : 'Place order'}
      </button>

      <p role="status" className={outcome?.ok ? 'success' : 'visually-hidden'} data-testid="placed">
        {outcome?.ok && `Ordered ${outcome.value.quantity} × ${outcome.value.name}.`}
      </p>
      {outcome && !outcome.ok && <FailureNotice failure={outcome.failure} />}
    </form>
  )
}
