import { parseArgs } from 'node:util'
import { checkFrontends, explainRequest } from '@sallyport/bff'
import { readConfiguration, webMethods } from '@sallyport/gateway'
import type { Command } from '../command.ts'
import { configFlag, locateConfiguration } from '../find-configuration.ts'
import { readQuestion } from '../question.ts'
import { renderExplanation } from '../render-explanation.ts'

/** Says what would become of a request, and why. */
export const explain: Command = {
  usage: 'METHOD URL [--config FILE] [--json]',
  summary: 'Says what would become of a request, opening and asking nothing.',

  async run(flags) {
    const { values, positionals } = parseArgs({
      args: [...flags],
      options: { ...configFlag, json: { type: 'boolean' } },
      allowPositionals: true,
    })
    const [method, url, more] = positionals
    if (method === undefined || url === undefined || more !== undefined) {
      throw new TypeError('say what to explain: sallyport explain METHOD URL')
    }
    const source = locateConfiguration(values.config)
    const { config } = await readConfiguration(source)
    const checked = checkFrontends({
      frontends: config.frontends.map(({ bff }) => bff),
      tenants: config.tenants,
    })
    const origins = new Set(checked.frontends.map(({ publicUrl }) => publicUrl.origin))
    const question = readQuestion([method, url], [...origins])
    const explanation = explainRequest(checked, question)
    const asked = URL.parse(url)?.origin ?? ''
    const served = explanation.frontend && new URL(explanation.frontend).origin
    if (served && asked && asked !== served) {
      process.stderr.write(`warning: browsers reach this frontend at ${served}, not at ${asked}\n`)
    }
    const index = checked.frontends.findIndex(({ frontend }) => frontend === explanation.frontend)
    const files = { folder: config.frontends[index]?.webFolder, methods: webMethods }
    const text = values.json
      ? JSON.stringify({ ...explanation, files }, undefined, 2)
      : renderExplanation(explanation, files)
    process.stdout.write(`${text}\n`)
  },
}
