import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { followLogs } from './follow.ts'

let folder: string
let stop: () => void

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-follow-'))
})

afterEach(async () => {
  stop()
  await rm(folder, { recursive: true })
})

test('shows whole lines that are added, each after its service', async () => {
  const files = [join(folder, 'bff.jsonl'), join(folder, 'orders.jsonl')] as const
  for (const file of files) await writeFile(file, 'old\n')
  const lines: string[] = []
  stop = followLogs(files, (line) => lines.push(line))
  await appendFile(files[0], 'one\ntw')
  await vi.waitFor(() => expect(lines).toEqual(['bff one']))
  await appendFile(files[1], 'än\n')
  await vi.waitFor(() => expect(lines).toEqual(['bff one', 'orders än']))
  await appendFile(files[0], 'o\n')
  await vi.waitFor(() => expect(lines).toEqual(['bff one', 'orders än', 'bff two']))
})
