import { spawnSync } from 'node:child_process'

/** Runs a program to its end. @throws Error with all it said, if it failed. */
export function runProgram(program: string, argv: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, argv, { encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${program} failed: ${error ?? `${stdout}${stderr}`}`)
}
