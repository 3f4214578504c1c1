import { type BffConfig, checkFrontends } from '@sallyport/bff'
import { issuerPaths, paths } from '@sallyport/core/contract'
import { readConfiguration } from '@sallyport/gateway'
import type { Command } from '../command.ts'
import { findConfiguration } from '../find-configuration.ts'

/** Says what is wrong with a configuration, and what the issuer must know of one that fits. */
export const check: Command = {
  usage: '[--config FILE]',
  summary: 'Says what is wrong with a configuration, opening and asking nothing.',

  async run(flags) {
    const source = findConfiguration(flags)
    const reading = { seen: new Map<string, string>(), warnings: new Set<string>() }
    const { config } = await readConfiguration(source, reading)
    for (const warning of reading.warnings) process.stderr.write(`warning: ${warning}\n`)
    const { frontends } = checkFrontends({
      frontends: config.frontends.map(({ bff }) => bff),
      tenants: config.tenants,
    })
    process.stdout.write(`${source.file} fits.\n`)
    for (const config of frontends) process.stdout.write(`\n${describe(config)}\n`)
  },
}

/** What must be registered, under the names that issuers have for it. */
function describe(config: BffConfig): string {
  const { frontend, issuer, clientId, applicationUrl, logout } = config
  return [
    `${frontend} is client "${clientId}" of ${issuer.href}, which must know`,
    `  redirect URI              ${frontend}${paths.callback}`,
    `  post-logout redirect URI  ${new URL(`.${logout.returnPath}`, applicationUrl).href}`,
    `  back-channel logout URI   ${frontend}${issuerPaths.backchannel}`,
  ].join('\n')
}
