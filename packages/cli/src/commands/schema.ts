import { parseArgs } from 'node:util'
import { configurationJsonSchema } from '@sallyport/gateway'
import type { Command } from '../command.ts'

/** Prints the JSON Schema of configuration files. */
export const schema: Command = {
  summary: 'Prints the JSON Schema of a configuration file, for editors.',

  async run(flags) {
    parseArgs({ args: [...flags], options: {} })
    process.stdout.write(`${JSON.stringify(configurationJsonSchema(), undefined, 2)}\n`)
  },
}
