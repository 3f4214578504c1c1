import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  exportJWK,
  generateKeyPair,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose'

/** A body that polls for SETs (RFC 8936 section 2.2). */
export interface PollBody {
  ack: string[]
  setErrs: Record<string, { err: string; description: string }>
  maxEvents: number
  returnImmediately: boolean
}

/** A transmitter of Shared Signals that says whatever a test wants. */
export interface ScriptedTransmitter {
  readonly url: string
  /** Paths that were asked for, in order. */
  readonly requests: string[]
  /** Bodies of polls that were answered, and their Authorization. */
  readonly polls: (PollBody & { authorization: string | undefined })[]
  /** What the next polls get, by `jti`, until it is acknowledged or refused. */
  readonly queue: Map<string, string>
  /** Polls are answered with 500. */
  isDown: boolean
  /** Replaces the body of every answer to a poll. */
  pollAnswer: string | undefined
  /** Holds polls that have nothing to answer, whoever asks. */
  holdsPolls: boolean
  /** Signs with a key that is not published. */
  forgesSignature: boolean
  /** Members that replace those of the metadata document. */
  metadata: Record<string, unknown>
  /** Signs a SET for the audience `bff`; changes replace claims, `undefined` removes one. */
  sign(changes: JWTPayload, header?: Partial<JWTHeaderParameters>): Promise<string>
  reset(): void
  close(): Promise<void>
}

/** Starts one on a free port. */
export async function createScriptedTransmitter(): Promise<ScriptedTransmitter> {
  const keys = await generateKeyPair('ES256')
  const strangers = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 't1', alg: 'ES256', use: 'sig' }
  const server = createServer(async (request, response) => {
    const path = request.url ?? ''
    transmitter.requests.push(path)
    if (path === '/poll') {
      if (transmitter.isDown) return void response.writeHead(500).end()
      const body = await answerPoll(request)
      if (body === undefined) return
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(body)
    }
    const metadata = { issuer: url, jwks_uri: `${url}/jwks`, ...transmitter.metadata }
    const documents: Record<string, unknown> = {
      '/.well-known/ssf-configuration': metadata,
      '/jwks': { keys: [jwk] },
    }
    const document = documents[path]
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(document ?? {}))
  })
  server.listen({ host: 'localhost', port: 0 })
  await once(server, 'listening')
  const url = `http://localhost:${(server.address() as AddressInfo).port}`

  const transmitter: ScriptedTransmitter = {
    ...{ url, requests: [], polls: [], queue: new Map(), metadata: {} },
    ...{ isDown: false, pollAnswer: undefined, holdsPolls: false, forgesSignature: false },
    sign(changes, header) {
      const iat = Math.floor(Date.now() / 1000)
      const claims = { iss: url, aud: 'bff', iat, jti: randomUUID(), ...changes }
      const key = transmitter.forgesSignature ? strangers.privateKey : keys.privateKey
      const protectedHeader = { alg: 'ES256', kid: 't1', typ: 'secevent+jwt', ...header }
      return new SignJWT(claims).setProtectedHeader(protectedHeader).sign(key)
    },
    reset() {
      Object.assign(transmitter, { isDown: false, pollAnswer: undefined, holdsPolls: false })
      Object.assign(transmitter, { forgesSignature: false, metadata: {} })
      transmitter.queue.clear()
      transmitter.polls.length = 0
      transmitter.requests.length = 0
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }

  async function answerPoll(request: IncomingMessage): Promise<string | undefined> {
    const body: PollBody = JSON.parse(Buffer.concat(await request.toArray()).toString())
    transmitter.polls.push({ ...body, authorization: request.headers.authorization })
    for (const jti of [...body.ack, ...Object.keys(body.setErrs)]) transmitter.queue.delete(jti)
    if (transmitter.queue.size === 0 && transmitter.holdsPolls) return undefined
    return transmitter.pollAnswer ?? JSON.stringify({ sets: Object.fromEntries(transmitter.queue) })
  }

  return transmitter
}
