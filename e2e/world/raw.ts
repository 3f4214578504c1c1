import { connect } from 'node:net'
import type { Browser } from './browser.ts'

/** What came back over a socket of our own. */
export interface RawAnswer {
  /** Everything, one character a byte. */
  readonly text: string
  /** The status of each answer, in order. */
  readonly statuses: number[]
  /** How the connection ended; `open`: it did not, and `until` was satisfied. */
  readonly end: 'closed' | 'reset' | 'open'
}

export interface RawOptions {
  /** Enough has come; without it the peer must close. */
  until?: (text: string) => boolean
  /** Called with each new state of what came; may write more. */
  onText?: (text: string, write: (bytes: string) => void) => void
}

const patience = 10_000

/** Sends bytes exactly as they are (characters up to U+00FF, one byte each), and reads the rest. */
export function sendRaw(origin: string, bytes: string, options: RawOptions = {}) {
  const { hostname, port } = new URL(origin)
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
  const socket = connect({ host: hostname, port: Number(port) })
  let text = ''
  const finish = (end: RawAnswer['end']) => {
    socket.destroy()
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
    resolve({ text, statuses, end })
  }
  const write = (more: string) => void socket.write(more, 'latin1')
  socket.setTimeout(patience, () => {
    socket.destroy()
    reject(new Error(`the connection stays open after: ${text}`))
  })
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    options.onText?.(text, write)
    if (options.until?.(text)) finish('open')
  })
  socket.on('end', () => finish('closed'))
  socket.on('error', () => finish('reset'))
  write(bytes)
  return promise
}

/** A request head as bytes: each line ended with CRLF, and the empty line. */
export function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** The lines that a script of the application's own page sends, with the browser's cookies. */
export function ownLines(origin: string, browser?: Browser): string[] {
  const cookie = [...(browser?.cookies ?? [])].map(([name, value]) => `${name}=${value}`)
  return [
    `Host: ${new URL(origin).host}`,
    'X-CSRF: 1',
    'Sec-Fetch-Site: same-origin',
    ...(cookie.length > 0 ? [`Cookie: ${cookie.join('; ')}`] : []),
  ]
}
