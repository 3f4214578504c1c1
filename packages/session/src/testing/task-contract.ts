import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StoredTask } from '../task.ts'
import { type ContractSetting, start } from './contract-setting.ts'

/** The part of the suite about work that must survive a restart. */
export function taskContract({ store, setTime }: ContractSetting): void {
  function taskOf(change: Partial<StoredTask> = {}): StoredTask {
    const times = { dueAt: start, expiresAt: start + 1000 }
    return { id: 'task', ...times, attempts: 0, sealed: 'k1.c2VhbGVk', ...change }
  }

  const take = (limit = 500, leaseTime = 60) => store().takeTasks({ limit, leaseTime })

  describe('tasks', () => {
    test('are given when they are due, with the end of their lease as the next time', async () => {
      const texts = { id: 'ключ 🦆 \0', sealed: 'ü\0"'.repeat(2000) }
      await store().putTask(taskOf({ ...texts, dueAt: start + 5, attempts: 3 }))
      expect(await take()).toEqual([])
      setTime(start + 5)
      const leased = taskOf({ ...texts, dueAt: start + 65, attempts: 3 })
      expect(await take()).toStrictEqual([leased])
      expect(await take()).toEqual([])
    })

    test('come again when nobody has removed them by the end of their lease', async () => {
      await store().putTask(taskOf())
      expect(await take(1, 60)).toHaveLength(1)
      setTime(start + 59)
      expect(await take()).toEqual([])
      setTime(start + 60)
      expect(await take(1, 10)).toMatchObject([{ dueAt: start + 70 }])
      await store().removeTask('task')
      await store().removeTask('task')
      setTime(start + 70)
      expect(await take()).toEqual([])
    })

    test('are replaced by those of the same id, sooner or later', async () => {
      await store().putTask(taskOf())
      await store().putTask(taskOf({ dueAt: start + 50, attempts: 1, sealed: 'new' }))
      expect(await take()).toEqual([])
      await store().putTask(taskOf({ id: 'other', dueAt: start + 50 }))
      await store().putTask(taskOf({ id: 'other', dueAt: start }))
      expect(await take(500, 400)).toMatchObject([{ id: 'other' }])
      setTime(start + 50)
      expect(await take()).toMatchObject([{ id: 'task', attempts: 1, sealed: 'new' }])
    })

    test('are dropped when they expire, leased or not', async () => {
      await store().putTask(taskOf({ expiresAt: start + 10 }))
      await store().putTask(taskOf({ id: 'leased', expiresAt: start + 70 }))
      await store().putTask(taskOf({ id: 'late', expiresAt: start }))
      setTime(start + 10)
      expect(await take()).toMatchObject([{ id: 'leased' }])
      setTime(start + 70)
      expect(await take()).toEqual([])
    })

    test('are given by the limit, those due longest first', async () => {
      const ids = ['c', 'a', 'e', 'b', 'd']
      for (const [index, id] of ids.entries())
        await store().putTask(taskOf({ id, dueAt: start + index }))
      setTime(start + 9)
      const taken = [await take(2), await take(2), await take(2)]
      expect(taken.map((some) => some.map(({ id }) => id).sort())).toEqual([
        ['a', 'c'],
        ['b', 'e'],
        ['d'],
      ])
    })

    test('of 600 are each given once to 20 who take at once', async () => {
      const ids = Array.from({ length: 600 }, (_, index) => `task-${index}`)
      await Promise.all(ids.map((id) => store().putTask(taskOf({ id }))))
      const taken: string[] = []
      const lane = async () => {
        for (;;) {
          const tasks = await take(10)
          taken.push(...tasks.map(({ id }) => id))
          if (tasks.length === 0) return
        }
      }
      await Promise.all(Array.from({ length: 20 }, lane))
      // Who finds another's hands on all that is due may leave early: what is left is due still.
      await lane()
      expect(taken.sort()).toEqual(ids.sort())
    })

    test('agree with a simple model', async () => {
      const ids = ['a', 'b', '__proto__']
      const id = fc.constantFrom(...ids)
      const soon = fc.integer({ min: 0, max: 9 })
      const step = fc.oneof(
        fc.record({ type: fc.constant('put' as const), id, soon, life: soon }),
        fc.record({ type: fc.constant('remove' as const), id }),
        fc.record({ type: fc.constant('take' as const), lease: fc.integer({ min: 1, max: 9 }) }),
        fc.record({ type: fc.constant('wait' as const), soon }),
      )
      let now = start
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
          await Promise.all(ids.map((one) => store().removeTask(one)))
          const model = new Map<string, StoredTask>()
          for (const next of steps) {
            if (next.type === 'wait') {
              now += next.soon
              setTime(now)
            } else if (next.type === 'put') {
              const times = { dueAt: now + next.soon, expiresAt: now + next.life }
              const task = taskOf({ id: next.id, ...times, attempts: model.size })
              await store().putTask(task)
              model.set(next.id, task)
            } else if (next.type === 'remove') {
              await store().removeTask(next.id)
              model.delete(next.id)
            } else {
              const due = [...model.values()].filter(
                ({ dueAt, expiresAt }) => dueAt <= now && now < expiresAt,
              )
              const leased = due.map((task) => ({ ...task, dueAt: now + next.lease }))
              for (const task of leased) model.set(task.id, task)
              const taken = await take(500, next.lease)
              expect(byId(taken)).toEqual(byId(leased))
            }
          }
        }),
        { numRuns: 30, endOnFailure: true },
      )
    })

    test.each<[string, object]>([
      ['no id', { id: undefined }],
      ['half a second', { dueAt: start + 0.5 }],
      ['no end', { expiresAt: undefined }],
      ['fewer than no attempts', { attempts: -1 }],
      ['nothing sealed', { sealed: undefined }],
      ['a field no task has', { kind: 'revoke' }],
    ])('with %s are a TypeError', async (_, change) => {
      const attempt = async () => await store().putTask(taskOf(change))
      await expect(attempt()).rejects.toThrow(TypeError)
    })

    test.each([
      [0, 60],
      [501, 60],
      [1.5, 60],
      [1, 0],
      [1, 0.5],
      [1, Number.NaN],
    ])('are not taken %d at once for %d seconds: a TypeError', async (limit, leaseTime) => {
      await expect((async () => await take(limit, leaseTime))()).rejects.toThrow(TypeError)
    })
  })
}

function byId(tasks: StoredTask[]): StoredTask[] {
  return tasks.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}
