import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseAddress, type Wanted } from './choose-address.ts'
import { createAddress, readinessOf, type UpstreamAddress } from './upstream-address.ts'

const now = 100
const wish: Wanted = { isRepeatable: true, retries: 0, tried: [] }
const parts = { limit: 4, now: () => now, random: () => 0 }

function addressWith(state: Partial<UpstreamAddress> = {}): UpstreamAddress {
  return { ...createAddress('http://localhost:1'), ...state }
}

const state = fc.record({
  active: fc.integer({ min: 0, max: 4 }),
  pausedUntil: fc.constantFrom(0, 50, 150),
  isOnTrial: fc.boolean(),
  isIll: fc.boolean(),
})

describe('an address', () => {
  test('is one that has room, fewest exchanges and no failure behind it, whatever the states', () => {
    const random = fc.integer({ min: 0, max: 99 }).map((n) => n / 100)
    fc.assert(
      fc.property(
        fc.array(state, { minLength: 1, maxLength: 5 }),
        fc.record({
          ...{ isRepeatable: fc.boolean(), triedFirst: fc.boolean() },
          ...{ avoidsLast: fc.boolean(), random },
        }),
        (states, { isRepeatable, triedFirst, avoidsLast, random }) => {
          const all = states.map(addressWith)
          const tried = all.filter((_, i) => triedFirst && i === 0)
          const avoid = avoidsLast ? all.at(-1) : undefined
          const wanted = { isRepeatable, retries: 0, tried, ...(avoid && { avoid }) }
          const chosen = chooseAddress(all, wanted, { ...parts, random: () => random })
          const inUse = all.filter((one) => readinessOf(one, now) === 'in use')
          const free = inUse.filter(
            (one) => one.active < parts.limit && !tried.includes(one) && one !== avoid,
          )
          if (!chosen) {
            expect(free).toEqual([])
            return
          }
          expect(readinessOf(chosen, now)).not.toBe('out of use')
          if (chosen !== avoid) expect(tried).not.toContain(chosen)
          else expect(free).toEqual([])
          if (readinessOf(chosen, now) === 'trial') return
          expect(chosen.active).toBeLessThan(parts.limit)
          for (const one of free) expect(one.active).toBeGreaterThanOrEqual(chosen.active)
        },
      ),
    )
  })

  test('among equals is a matter of chance', () => {
    const all = [addressWith(), addressWith(), addressWith()]
    const counts = new Map<UpstreamAddress | undefined, number>()
    for (let i = 0; i < 3000; i += 1) {
      const chosen = chooseAddress(all, wish, { ...parts, random: Math.random })
      counts.set(chosen, (counts.get(chosen) ?? 0) + 1)
    }
    for (const one of all) expect(counts.get(one)).toBeGreaterThan(800)
  })

  test('whose pause is over is tried before all, by a request that may be repeated', () => {
    const [well, paused] = [addressWith(), addressWith({ pausedUntil: 50 })]
    expect(chooseAddress([well, paused], wish, parts)).toBe(paused)
    expect(chooseAddress([well, paused], { ...wish, isRepeatable: false }, parts)).toBe(well)
    expect(chooseAddress([paused], { ...wish, isRepeatable: false }, parts)).toBe(paused)
    paused.isOnTrial = true
    expect(chooseAddress([well, paused], wish, parts)).toBe(well)
    expect(chooseAddress([paused], wish, parts)).toBeUndefined()
  })
})
