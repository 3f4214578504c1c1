/** Where text will be. */
export function Skeleton({ lines }: { lines: number }) {
  return (
    <div className="skeleton" aria-hidden="true">
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines that never move or change
        <span key={line} />
      ))}
    </div>
  )
}

/** The page while it is not known who is signed in. */
export function PageSkeleton() {
  return (
    <div className="shell" data-testid="loading">
      <div className="header">
        <div className="header-row">
          <span className="skeleton-bar" />
        </div>
      </div>
      <main>
        <p className="visually-hidden" role="status">
          Loading
        </p>
        <div className="card">
          <Skeleton lines={6} />
        </div>
      </main>
    </div>
  )
}
