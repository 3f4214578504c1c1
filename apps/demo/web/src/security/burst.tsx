import { useState } from 'react'
import { listOrders } from '../api.ts'
import { useClient } from '../client-context.ts'

const callCount = 20

type Call = 'waiting' | 'succeeded' | 'failed'

const idle: readonly Call[] = []

/** Many calls at the same moment: however many there are, a stale token is refreshed once. */
export function Burst() {
  const client = useClient()
  const [calls, setCalls] = useState(idle)
  const [tookMs, setTookMs] = useState<number>()
  const isRunning = calls.includes('waiting')

  const run = async () => {
    setTookMs(undefined)
    setCalls(Array.from({ length: callCount }, () => 'waiting'))
    const startMs = performance.now()
    await Promise.all(
      Array.from({ length: callCount }, async (_, index) => {
        const answer = await listOrders(client)
        setCalls((before) => before.with(index, answer.ok ? 'succeeded' : 'failed'))
      }),
    )
    setTookMs(performance.now() - startMs)
  }

  const succeeded = calls.filter((call) => call === 'succeeded').length
  return (
    <section className="card burst" aria-labelledby="burst-title">
      <h2 id="burst-title">Twenty calls at once</h2>
      <p className="card-lead">
        If the access token has run out, the gateway refreshes it once for all of them.
      </p>
      <button type="button" className="button primary" onClick={run} disabled={isRunning}>
        20 calls at once
      </button>
      <div className="cells" aria-hidden="true">
        {Array.from({ length: callCount }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
          <span key={index} className={calls[index]} />
        ))}
      </div>
      <p role="status" className="burst-result" data-testid="burst-result">
        {tookMs !== undefined &&
          `${succeeded} of ${callCount} succeeded in ${Math.round(tookMs)} ms`}
      </p>
    </section>
  )
}
