import type { Client } from '@sallyport/client'
import { useCallback, useEffect, useState } from 'react'
import type { Answer } from './api.ts'
import { useClient } from './client-context.ts'

type Load<Value> = (client: Client, signal: AbortSignal) => Promise<Answer<Value>>

/** Something to show: nothing while it is loaded for the first time. */
export interface Loaded<Value> {
  answer: Answer<Value> | undefined
  isLoading: boolean
  reload(): void
}

/**
 * Loads when shown and when asked to again, and drops what comes too late.
 *
 * @param load the same function on each render
 */
export function useAnswer<Value>(load: Load<Value>): Loaded<Value> {
  const client = useClient()
  const [answer, setAnswer] = useState<Answer<Value>>()
  const [attempt, setAttempt] = useState(0)
  const [settled, setSettled] = useState(-1)

  useEffect(() => {
    const controller = new AbortController()
    void load(client, controller.signal).then((found) => {
      if (controller.signal.aborted) return
      setAnswer(found)
      setSettled(attempt)
    })
    return () => controller.abort()
  }, [client, load, attempt])

  const reload = useCallback(() => setAttempt((count) => count + 1), [])
  return { answer, isLoading: settled !== attempt, reload }
}
