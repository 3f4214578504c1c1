import type { SessionEvent } from '@sallyport/core/contract'
import { alice, loginRequired } from './answers.ts'
import type { SentRequest } from './browser.ts'

/** A BFF that knows one session, as far as its events go. */
export function createEventServer() {
  const encoder = new TextEncoder()
  let streams: ReadableStreamDefaultController<Uint8Array>[] = []
  const server = {
    /** What `GET /bff/user` answers. */
    user: () => Response.json(alice),
    /** What `GET /bff/events` answers instead of a stream. */
    refusal: undefined as (() => Response | Promise<Response>) | undefined,
    answer,
    /** Streams that are open right now. */
    get open() {
      return streams.length
    },
    /** Says it on all streams. */
    write(text: string): void {
      for (const stream of streams) stream.enqueue(encoder.encode(text))
    },
    tell({ type, ...rest }: SessionEvent): void {
      server.write(`event: ${type}\ndata: ${JSON.stringify(rest)}\n\n`)
    },
    endStreams(): void {
      for (const stream of streams) stream.close()
      streams = []
    },
    /** The session is over: who asks hears it, as who listens does. */
    end(reason: Extract<SessionEvent, { type: 'ended' }>['reason']): void {
      server.user = loginRequired
      server.refusal = loginRequired
      server.tell({ type: 'ended', reason })
      server.endStreams()
    },
  }
  return server

  function answer({ url, signal }: SentRequest): Response | Promise<Response> {
    if (!url.includes('/bff/events')) return server.user()
    return server.refusal?.() ?? openStream(signal)
  }

  function openStream(signal: AbortSignal): Response {
    let mine: ReadableStreamDefaultController<Uint8Array>
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        mine = controller
        streams.push(mine)
      },
      cancel: close,
    })
    signal.addEventListener('abort', () => {
      if (!streams.includes(mine)) return
      close()
      mine.error(signal.reason)
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })

    function close() {
      streams = streams.filter((stream) => stream !== mine)
    }
  }
}
