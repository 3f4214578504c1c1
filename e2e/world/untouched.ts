import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject } from 'vitest'
import { eventually } from './eventually.ts'
import type { World } from './world.ts'

/**
 * Runs something that must be refused, and shows that nothing else happened: no upstream and not
 * the issuer was asked anything, and not one byte of the session store was written. Of a server's
 * bytes nothing is known: there the former two must do.
 */
export async function untouched<T>(world: World, act: () => Promise<T>): Promise<T> {
  const before = await quiet(world)
  const result = await act()
  expect(await traces(world)).toEqual(before)
  return result
}

const seen = new WeakMap<World, string>()

/** What there is once nothing is left of what earlier tests began: revocations are not waited for. */
async function quiet(world: World) {
  let before = await traces(world)
  let sameSince = performance.now()
  if (seen.get(world) === JSON.stringify(before)) return before
  await eventually(async () => {
    const earlier = before
    before = await traces(world)
    if (JSON.stringify(before) !== JSON.stringify(earlier)) sameSince = performance.now()
    return performance.now() - sameSince > 250
  }).toBe(true)
  seen.set(world, JSON.stringify(before))
  return before
}

async function traces({ orders, inventory, issuerRequests, settings }: World) {
  return {
    upstreamRequests: orders.requests.length + inventory.requests.length,
    issuerRequests: [...issuerRequests],
    sessions: inject('sessionServer') ? '' : await hashOf(join(settings.dataDir, 'sessions')),
  }
}

async function hashOf(lmdbFolder: string): Promise<string> {
  const bytes = await readFile(join(lmdbFolder, 'data.mdb'))
  return createHash('sha256').update(bytes).digest('hex')
}
