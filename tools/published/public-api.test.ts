import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeApi } from './describe-api.ts'
import { listPackages } from './packages.ts'

describe.each(listPackages())('the public API of $name', ({ name, entries }) => {
  test('is the one that was agreed on', async () => {
    const parts = [...entries].map(([subpath, file]) => `// ${subpath}\n\n${describeApi(file)}`)
    await expect(parts.join('\n')).toMatchFileSnapshot(`api/${name}.txt`)
  })
})

describe('a description of an API', () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-api-'))
    const files = {
      'index.d.ts': [
        "export { b, type B as Renamed } from './b.js';",
        "export * from './c.js';",
        "export type { Clock } from '@sallyport/core';",
        'export interface A {\n    /** Said of it. */\n    one: string;\n}',
      ],
      'b.d.ts': [
        'export declare function b(one: string): void;',
        'export declare function b(one: number): void;',
        'interface B {\n    two: number;\n}',
        'declare const hidden: 1;',
        'export { type B };',
      ],
      'c.d.ts': ['export declare const c: 3;'],
    }
    for (const [file, lines] of Object.entries(files)) {
      writeFileSync(join(folder, file), lines.join('\n'))
    }
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  test('follows names to where they are declared', () => {
    expect(describeApi(join(folder, 'index.d.ts'))).toBe(`export interface A {
    one: string;
}

export { Clock } from '@sallyport/core'

// exported as Renamed
interface B {
    two: number;
}

export declare function b(one: string): void;
export declare function b(one: number): void;

export declare const c: 3;
`)
  })
})
