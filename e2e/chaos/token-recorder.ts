import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import type { Sender, Sending, Sendings } from './sendings.ts'

/** What a network does to what passes: the same for both gateways. */
export interface IssuerWeather {
  /** Milliseconds that each request is late. */
  slowMs: number
  /** Milliseconds that each answer of the token endpoint is late, after the issuer has done it. */
  lateAnswersMs: number
  /** Whether an answer of the token endpoint gets lost, after the issuer has done what was asked. */
  loses(): boolean
}

/** Stands between one gateway and the identity server, and writes down refresh tokens. */
export interface TokenRecorder {
  readonly url: string
  close(): Promise<void>
}

export interface TokenRecorderOptions {
  /** Origin of the identity server. */
  issuer: string
  sendings: Sendings
  /** The gateway whose requests these are, in its present life. */
  sender(): Sender
  weather: IssuerWeather
}

/** Who has an answer keeps the connection for the next one: who closes it so soon has given up. */
const believedAfterMs = 1000

export async function startTokenRecorder(options: TokenRecorderOptions): Promise<TokenRecorder> {
  const { issuer, sendings, sender, weather } = options
  const server = createServer({ keepAliveTimeout: 30_000 }, (incoming, response) => {
    pass(incoming, response).catch(() => response.destroy())
  })
  server.listen({ host: 'localhost', port: 0 })
  await once(server, 'listening')

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming)
    const isToken = incoming.method === 'POST' && incoming.url?.split('?')[0] === '/token'
    const form = new URLSearchParams(isToken ? body.toString() : '')
    const refreshToken = form.get('refresh_token')
    const sending = refreshToken ? sendings.begin(refreshToken, sender()) : undefined
    const gone = new Promise<void>((resolve) => response.once('close', resolve))
    if (weather.slowMs > 0) await delay(weather.slowMs)

    const answer = await ask(issuer, incoming, body).catch(() => undefined)
    if (isToken && answer?.status === 200) noteGrant(answer)
    if (sending) settleLater(sending, { answer, response, gone })
    if (!answer || (isToken && answer.status === 200 && weather.loses())) {
      response.destroy()
      return
    }
    if (isToken && weather.lateAnswersMs > 0) await delay(weather.lateAnswersMs)
    response.writeHead(answer.status, answer.headers).end(answer.body)
  }

  function noteGrant({ body }: IssuerAnswer): void {
    const { access_token: accessToken, refresh_token: refreshToken } = JSON.parse(body.toString())
    if (accessToken && refreshToken) sendings.noteGrant(accessToken, refreshToken)
  }

  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

interface IssuerAnswer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

interface Exchange {
  answer: IssuerAnswer | undefined
  response: ServerResponse
  gone: Promise<void>
}

/** Writes down what became of a refresh token, as soon as that is known. */
function settleLater(sending: Sending, { answer, response, gone }: Exchange): void {
  // An issuer that is killed while it answers may have spent it: that answer is lost, not refused.
  if (!answer) sending.outcome = 'lost'
  else if (answer.status !== 200) sending.outcome = 'refused'
  if (!answer || sending.outcome) return
  sending.accessToken = JSON.parse(answer.body.toString()).access_token
  const { socket } = response
  void gone.then(async () => {
    sending.answeredAtMs = performance.now()
    if (!response.writableFinished) sending.outcome = 'lost'
    else {
      await delay(believedAfterMs)
      // A busy machine is late: what has arrived meanwhile is read before we look.
      for (let turn = 0; turn < 3; turn += 1) await nextTurn()
      sending.outcome = socket?.destroyed ? 'lost' : 'granted'
    }
  })
}

function ask(issuer: string, incoming: IncomingMessage, body: Buffer): Promise<IssuerAnswer> {
  const { hostname, host, port } = new URL(issuer)
  const { connection: _, host: __, ...headers } = incoming.headers
  return new Promise((resolve, reject) => {
    const { method, url: path } = incoming
    const outgoing = request(
      { hostname, port, method, path, headers: { ...headers, host }, agent: false },
      (answer) => {
        buffer(answer).then((whole) => {
          const type = answer.headers['content-type'] ?? 'text/plain'
          const status = answer.statusCode ?? 502
          resolve({ status, headers: { 'content-type': type }, body: whole })
        }, reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
