import { type ReactNode, useEffect, useRef } from 'react'
import { Mark } from './mark.tsx'

interface NoticeProps {
  testId: string
  title: string
  action: { label: string; run(): void }
  children: ReactNode
}

/** One message that takes the whole page, and the one thing to do about it. */
export function Notice({ testId, title, action, children }: NoticeProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <main className="notice" data-testid={testId}>
      <div className="notice-card">
        <p className="brand">
          <Mark />
          Sallyport Demo
        </p>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <p className="lead">{children}</p>
        <button type="button" className="button primary large" onClick={action.run}>
          {action.label}
        </button>
      </div>
    </main>
  )
}
