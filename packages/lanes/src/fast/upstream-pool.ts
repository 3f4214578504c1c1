import type { ForwardDecision } from '@sallyport/bff'
import type { Wanted } from '../upstreams/choose-address.ts'
import { isRepeatable } from '../upstreams/retry-rules.ts'
import type { Upstream } from '../upstreams/upstream.ts'
import type { UpstreamAddress } from '../upstreams/upstream-address.ts'
import type { Upstreams } from '../upstreams.ts'
import type { PlainRequest } from './request-reader.ts'
import { createUpstreamConnection, type UpstreamConnection } from './upstream-connection.ts'
import { createWaitingConnection } from './waiting-connection.ts'

/** Connections to upstreams, those under way and those that wait for their next exchange. */
export interface UpstreamPool {
  /**
   * A connection for an exchange: an idle one, the one that was used last; one that is being made; or
   * one that is waited for, and that fails when it cannot be had.
   */
  take(decision: ForwardDecision, request: PlainRequest): UpstreamConnection
  /** Lets a client with more of a body wait for the connection: what was not read can be sent elsewhere. */
  hold(connection: UpstreamConnection, client: Sender): void
  /** The head of a response has come. */
  answered(connection: UpstreamConnection, status: number): void
  /** There will be no response. @returns the connection to send the request again, if it may be. */
  again(connection: UpstreamConnection, failure: ExchangeFailure): UpstreamConnection | undefined
  /** Gives a connection back after a whole exchange. */
  release(connection: UpstreamConnection): void
  /** Ends what has been idle for too long. */
  sweep(now: number): void
  /** Ends all, those in use included. */
  close(): void
}

/** Who sends a body, and can be told to wait. */
export interface Sender {
  pause(): void
  resume(): void
}

/** What an exchange knows of its failure. */
export interface ExchangeFailure {
  error: unknown
  request: PlainRequest
  /** Whether all of the body that was read is still there. */
  isBodyWhole: boolean
  isUploading: boolean
}

/** Seconds an idle connection is kept when the upstream does not say: most keep it for 5. */
const idleTime = 4
/** Seconds at most, whatever the upstream says. */
const longestIdleTime = 600

/** What requests ask for at first. */
const trial: Wanted = { isRepeatable: true, retries: 0, tried: [] }
const noTrial: Wanted = { ...trial, isRepeatable: false }

/** A connection, and the place at its address that it holds while an exchange is under way. */
interface Entry {
  readonly upstream: Upstream
  readonly address: UpstreamAddress
  readonly connection: UpstreamConnection
  /** What the present exchange asked for. */
  wanted: Wanted
  isConnected: boolean
  /** A client whose body waits for the connection. */
  held: Sender | undefined
  isTaken: boolean
  /** When it is idle. */
  until: number
}

/** @param now seconds, of any clock that `sweep` is told by too. */
export function createUpstreamPool(now: () => number, upstreams: Upstreams): UpstreamPool {
  const idle = new Map<UpstreamAddress, Entry[]>()
  const entries = new Map<UpstreamConnection, Entry>()
  /** Of those that were waited for, which outlive what came for them. */
  const awaited = new WeakMap<UpstreamConnection, Entry>()
  /** Who holds back more of a body until what is waited for has come. */
  const clients = new WeakMap<UpstreamConnection, Sender>()
  /** Those whose socket is gone: what failed there may still be asked. */
  const gone = new WeakMap<UpstreamConnection, Entry>()

  const find = (connection: UpstreamConnection) =>
    entries.get(connection) ?? awaited.get(connection) ?? gone.get(connection)

  function free(entry: Entry): void {
    if (!entry.isTaken) return
    entry.isTaken = false
    entry.upstream.release(entry.address)
  }

  function forget(connection: UpstreamConnection): void {
    const entry = entries.get(connection)
    if (!entry) return
    entries.delete(connection)
    gone.set(connection, entry)
    const waiting = idle.get(entry.address)
    const at = waiting?.indexOf(entry) ?? -1
    if (at >= 0) waiting?.splice(at, 1)
    if (waiting?.length === 0) idle.delete(entry.address)
    // First the exchange says what happened to it.
    queueMicrotask(() => free(entry))
  }

  function make(upstream: Upstream, address: UpstreamAddress, wanted: Wanted): Entry {
    const socket = upstream.openSocket(address.url, () => {
      entry.isConnected = true
      entry.held?.resume()
      entry.held = undefined
    })
    const connection = createUpstreamConnection(socket, forget)
    const entry: Entry = {
      ...{ upstream, address, connection, wanted, held: undefined },
      ...{ isConnected: false, isTaken: true, until: 0 },
    }
    entries.set(connection, entry)
    return entry
  }

  function reuse(address: UpstreamAddress, wanted: Wanted): Entry | undefined {
    const entry = idle.get(address)?.pop()
    if (!entry) return undefined
    entry.isTaken = true
    entry.wanted = wanted
    return entry
  }

  function hold(connection: UpstreamConnection, client: Sender): void {
    const entry = find(connection)
    if (entry?.isConnected) return
    client.pause()
    if (entry) entry.held = client
    else clients.set(connection, client)
  }

  function open(upstream: Upstream, address: UpstreamAddress, wanted: Wanted): Entry {
    const reused = wanted.retries === 0 ? reuse(address, wanted) : undefined
    return reused ?? make(upstream, address, wanted)
  }

  /** @param failure what it fails with in place of the reason why there is no connection. */
  function takeWanted(upstream: Upstream, wanted: Wanted, failure?: unknown): UpstreamConnection {
    try {
      const address = upstream.takeNow(wanted)
      return address ? open(upstream, address, wanted).connection : wait(upstream, wanted, failure)
    } catch (error) {
      return createWaitingConnection({ coming: Promise.reject(failure ?? error), leave() {} })
    }
  }

  function wait(upstream: Upstream, wanted: Wanted, failure: unknown): UpstreamConnection {
    const leaving = new AbortController()
    const coming = upstream.queue(wanted, leaving.signal).then(
      (address) => {
        const entry = open(upstream, address, wanted)
        awaited.set(waiting, entry)
        return entry.connection
      },
      (error) => {
        throw failure ?? error
      },
    )
    const waiting: UpstreamConnection = createWaitingConnection({
      coming,
      leave: () => leaving.abort(),
      began() {
        const client = clients.get(waiting)
        if (client) hold(waiting, client)
      },
    })
    return waiting
  }

  return {
    take(decision, { method, bodyLength }) {
      const upstream = upstreams.of(decision.upstream)
      const facts = { method, hasBody: bodyLength !== undefined }
      return takeWanted(upstream, isRepeatable(facts, upstream.config.retries) ? trial : noTrial)
    },

    hold,

    answered(connection, status) {
      const entry = find(connection)
      entry?.upstream.answered(entry.address, status)
    },

    again(connection, { error, request, isBodyWhole, isUploading }) {
      const entry = find(connection)
      if (!entry) return undefined
      const { upstream, address, isConnected } = entry
      const failure = {
        ...{ error, isUploading, wasConnected: isConnected },
        isReused: !connection.isFresh,
        hasBegun: connection.hasBegun,
      }
      upstream.failed(address, failure)
      free(entry)
      const { method, bodyLength } = request
      const facts = { method, isBodyWhole, hasBody: bodyLength !== undefined }
      const wanted = upstream.again(facts, { wanted: entry.wanted, address, failure })
      return wanted && takeWanted(upstream, wanted, error)
    },

    release(connection) {
      const entry = find(connection)
      if (!entry) return
      const { keepAlive } = entry.connection
      const wanted = keepAlive === undefined ? idleTime : keepAlive - 1
      if (wanted <= 0) return entry.connection.destroy()
      const waiting = idle.get(entry.address) ?? []
      idle.set(entry.address, waiting)
      entry.until = now() + Math.min(wanted, longestIdleTime)
      waiting.push(entry)
      free(entry)
    },

    sweep(time) {
      for (const waiting of idle.values()) {
        for (const { connection, until } of [...waiting]) {
          if (until <= time) connection.destroy()
        }
      }
    },

    close() {
      for (const connection of [...entries.keys()]) connection.destroy()
    },
  }
}
