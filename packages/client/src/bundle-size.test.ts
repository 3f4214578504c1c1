import { gzipSync } from 'node:zlib'
import { type OutputChunk, rolldown } from 'rolldown'
import { expect, test } from 'vitest'

test.each([
  ['index.ts', 1536, []],
  ['react.ts', 1024, ['react']],
  ['cross-origin.ts', 1792, []],
  ['events.ts', 2304, []],
  ['sessions.ts', 384, []],
  ['silent.ts', 512, []],
  ['step-up.ts', 1024, []],
])('%s is at most %i bytes, gzipped', async (entry, limit, imports) => {
  const chunk = await bundle(new URL(entry, import.meta.url).pathname)
  const size = gzipSync(chunk.code, { level: 9 }).length
  console.log(`${entry}: ${chunk.code.length} bytes minified, ${size} gzipped`)
  expect(size).toBeLessThanOrEqual(limit)
  expect(chunk.imports).toEqual(imports)
})

test.each(['@sallyport/client', '@sallyport/client/events'])(
  'importing %s does nothing: unused, it leaves no code',
  async (name) => {
    const chunk = await bundle('virtual:entry', `import '${name}'`)
    expect(chunk.code.trim()).toBe('')
  },
)

async function bundle(input: string, code?: string): Promise<OutputChunk> {
  const build = await rolldown({
    input,
    external: ['react'],
    resolve: { conditionNames: ['sallyport-source', 'import'] },
    transform: { target: 'es2022' },
    plugins: [
      {
        name: 'virtual-entry',
        resolveId: (id) => (id === 'virtual:entry' ? id : null),
        load: (id) => (id === 'virtual:entry' ? (code ?? null) : null),
      },
    ],
  })
  const { output } = await build.generate({ format: 'es', minify: true, comments: false })
  await build.close()
  expect(output).toHaveLength(1)
  return output[0]
}
