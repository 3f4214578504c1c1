import { sha256 } from '@sallyport/core'
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import type { Expiring, Storage, StorageWriter } from './environment.ts'
import {
  isInGrace,
  type RotationContext,
  type RotationRow,
  rotate,
} from './refresh-token-rotation.ts'

/** One artifact of the provider: a code, a token, a session, a grant, an interaction. */
interface ArtifactRow extends RotationRow {
  /** Destroyed: kept until `exp`, so that no write under way brings it back. */
  dead?: true
  /** The session's lasting id, hashed. */
  uid?: string
  /** Of an interaction: the client it is for, also when it is over. */
  client?: string
  /** The payload. Absent in a tombstone. */
  sealed?: string
}

/** Points from an index key to a row. */
interface IndexRow extends Expiring {
  row: string
}

/** What may be used once was used before: an assertion, a proof. */
export class ReplayError extends Error {}

/** Marks a session as signed out, whichever of its ids is presented. */
interface BuriedRow extends Expiring {
  buried: true
}

/** How long a session stays buried whose own end is not known: longer than any request takes. */
const burialSeconds = 3600

/** Where the provider keeps its artifacts. */
export interface ArtifactStore {
  adapter(model: string): Adapter
  /** The client that an interaction is or was for, until it would have expired. */
  clientOfInteraction(uid: string): string | undefined
  /** Redeems a refresh token. @returns the one that follows it, the same within the grace. */
  rotateRefreshToken(id: string): Promise<string>
  /** Ends a session for good: a request in flight cannot save it under a new id. */
  burySession(uid: string): void
}

/**
 * Creates the store of the provider's artifacts.
 *
 * A row is keyed by the SHA-256 of the artifact's id, because the id of an opaque token, a code or
 * a session is the secret itself, and its payload is sealed: a leaked database opens nothing.
 */
export function createArtifactStore(context: ArtifactContext): ArtifactStore {
  const { storage, clock } = context
  return {
    adapter: (model) => createAdapter(model, context),
    clientOfInteraction: (uid) => storage.get<ArtifactRow>(`Interaction:${sha256(uid)}`)?.client,
    rotateRefreshToken: (id) => rotate(`RefreshToken:${sha256(id)}`, context),
    burySession: (uid) => bury(storage, sha256(uid), clock() + burialSeconds),
  }
}

/** What the store is made of. */
export type ArtifactContext = RotationContext

function createAdapter(model: string, context: ArtifactContext): Adapter {
  const { storage, sealer, clock } = context
  const rowKey = (id: string) => `${model}:${sha256(id)}`
  const grantKey = (grantId: string) => `grant:${model}:${sha256(grantId)}:`

  const read = (key: string, id?: string) => {
    const row = storage.get<ArtifactRow>(key)
    return row && !row.dead ? open(key, row, id) : undefined
  }

  const open = (key: string, row: ArtifactRow, id?: string): AdapterPayload | undefined => {
    const text = row.sealed && sealer.open(row.sealed, key)
    if (!text) return undefined
    const payload = JSON.parse(text) as AdapterPayload
    if (id !== undefined) payload.jti = id
    if (row.consumed !== undefined && !isInGrace(row, context)) payload.consumed = row.consumed
    return payload
  }

  return {
    async upsert(id, payload, expiresIn) {
      const key = rowKey(id)
      const exp = expiresIn === undefined ? undefined : clock() + expiresIn
      const { consumed: _consumed, ...content } = payload
      const row: ArtifactRow = { sealed: sealer.seal(JSON.stringify(content), key) }
      if (exp !== undefined) row.exp = exp
      const session = model === 'Session' && payload.uid ? sha256(payload.uid) : undefined
      if (session) row.uid = session
      const clientId = model === 'Interaction' ? payload.params?.client_id : undefined
      if (typeof clientId === 'string') row.client = clientId

      const replayed = await storage.transact((write) => {
        const stored = storage.get<ArtifactRow>(key)
        if (stored && model === 'ReplayDetection') return (stored.exp ?? 0) > clock()
        if (stored?.dead || (session && storage.get(buriedKey(session)))) return false
        if (stored?.consumed !== undefined) row.consumed = stored.consumed
        if (stored?.successor !== undefined) row.successor = stored.successor
        write.put(key, row)
        const index: IndexRow = exp === undefined ? { row: key } : { row: key, exp }
        if (session) write.put(uidKey(session), index)
        if (payload.grantId && model !== 'Interaction') {
          write.put(`${grantKey(payload.grantId)}${sha256(id)}`, index)
        }
        if (payload.userCode) write.put(userCodeKey(payload.userCode), index)
        return false
      })
      if (replayed) throw new ReplayError()
    },

    async find(id) {
      return read(rowKey(id), id)
    },

    async findByUid(uid) {
      const session = sha256(uid)
      if (storage.get(buriedKey(session))) return undefined
      const key = storage.get<IndexRow>(uidKey(session))?.row
      const row = key === undefined ? undefined : storage.get<ArtifactRow>(key)
      // A session whose id is being changed is dead for its cookie, not for its tokens.
      return key !== undefined && row ? open(key, row) : undefined
    },

    async findByUserCode(userCode) {
      const key = storage.get<IndexRow>(userCodeKey(userCode))?.row
      return key === undefined ? undefined : read(key)
    },

    async consume(id) {
      const key = rowKey(id)
      const won = await storage.transact((write) => {
        const row = storage.get<ArtifactRow>(key)
        if (!row || row.dead || row.consumed !== undefined) return false
        write.put(key, { ...row, consumed: clock() })
        return true
      })
      if (!won) throw new errors.InvalidGrant('it was used before')
    },

    async destroy(id) {
      await storage.transact((write) => kill(storage, write, rowKey(id)))
    },

    async revokeByGrantId(grantId) {
      await storage.transact((write) => {
        for (const index of storage.keys(grantKey(grantId))) {
          const key = storage.get<IndexRow>(index)?.row
          if (key !== undefined) kill(storage, write, key)
          write.remove(index)
        }
      })
    },
  }
}

function kill(storage: Storage, write: StorageWriter, key: string): void {
  const row = storage.get<ArtifactRow>(key)
  if (!row) return
  const tombstone: ArtifactRow = { dead: true }
  if (row.exp !== undefined) tombstone.exp = row.exp
  if (row.uid !== undefined) tombstone.uid = row.uid
  if (row.client !== undefined) tombstone.client = row.client
  // Rows of sessions keep their content until the session is buried: see findByUid.
  if (row.uid !== undefined && row.sealed !== undefined) tombstone.sealed = row.sealed
  write.put(key, tombstone)
}

function bury(storage: Storage, session: string, fallbackExp: number): void {
  storage.transactSync((write) => {
    const key = storage.get<IndexRow>(uidKey(session))?.row
    const row = key === undefined ? undefined : storage.get<ArtifactRow>(key)
    write.put<BuriedRow>(buriedKey(session), { buried: true, exp: row?.exp ?? fallbackExp })
    if (key !== undefined && row) {
      const { sealed: _sealed, ...tombstone } = row
      write.put(key, { ...tombstone, dead: true })
    }
  })
}

const uidKey = (session: string) => `uid:${session}`
const buriedKey = (session: string) => `buried:${session}`
const userCodeKey = (userCode: string) => `user-code:${sha256(userCode)}`
