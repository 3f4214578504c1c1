import { errorCode, SallyportError } from '@sallyport/core'
import { closestName } from '@sallyport/core/options'
import type { Command } from './command.ts'
import { check } from './commands/check.ts'
import { explain } from './commands/explain.ts'
import { gateway } from './commands/gateway.ts'
import { schema } from './commands/schema.ts'

const commands: Readonly<Record<string, Command>> = { gateway, check, explain, schema }

/** Runs the command that the arguments name. What goes wrong is said on standard error, with exit code 1. */
export async function run([name, ...flags]: readonly string[], version: string): Promise<void> {
  try {
    if (name === '--version') process.stdout.write(`${version}\n`)
    else if (name === undefined || name === '--help' || flags.includes('--help')) showHelp()
    else await findCommand(name).run(flags)
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`)
    process.exit(1)
  }
}

function findCommand(name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command) return command
  const meant = closestName(name, Object.keys(commands))
  throw new TypeError(
    `unknown command "${name}"${meant ? `: did you mean "${meant}"?` : ''}; see sallyport --help`,
  )
}

function showHelp(): void {
  const rows = Object.entries(commands).map(([name, { usage = '', summary }]) => {
    return `  sallyport ${`${name} ${usage}`.padEnd(24)}  ${summary}`
  })
  process.stdout.write(
    `${rows.join('\n')}\n\nFILE is sallyport.config.json, .ts or .mjs of this folder unless it is named.\n`,
  )
}

/** Of ours the message and the code; a stranger's needs no stack either. */
function describe(error: unknown): string {
  if (error instanceof SallyportError)
    return `${error.message}\n${errorCode(error)}: see docs/errors.md`
  return error instanceof Error ? error.message : String(error)
}
