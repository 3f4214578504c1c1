/** What a stream of server-sent events said between two blank lines. */
export interface EventBlock {
  /** The event's name; none in a comment. */
  type: string | undefined
  data: string
  /** Milliseconds after which to come back when the stream ends. */
  retryMs: number | undefined
}

/** Far more than any event has; who sends more without a blank line is not our BFF. */
const mostCharacters = 65_536

/**
 * Reads server-sent events as they come. A comment is a block as well: somebody is still there.
 *
 * @throws what the stream throws, and an error for a block without an end
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream HTML, section 9.2.5}
 */
export async function* readEventBlocks(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<EventBlock> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      text += decoder.decode(value, { stream: true })
      const blocks = text.split(/\n\n|\r\r|\r\n\r\n/)
      text = blocks.pop() ?? ''
      if (text.length > mostCharacters) throw new Error('an event without an end')
      for (const block of blocks) yield parseBlock(block)
    }
  } finally {
    // Whoever stops reading has the server stop writing.
    reader.cancel().catch(() => {})
  }
}

function parseBlock(text: string): EventBlock {
  const block: EventBlock = { type: undefined, data: '', retryMs: undefined }
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [, name, value = ''] = /^(\w+):? ?(.*)$/.exec(line) ?? []
    if (name === 'event') block.type = value
    if (name === 'data') block.data += value
    if (name === 'retry' && /^\d{1,9}$/.test(value)) block.retryMs = Number(value)
  }
  return block
}
