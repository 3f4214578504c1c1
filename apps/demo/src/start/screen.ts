import { relative } from 'node:path'
import { type DemoSettings, serviceNames } from '../settings.ts'
import { titles } from './titles.ts'

/** The one screen of `npm start`: where everything is, who can sign in, how to stop. */
export function describeDemo(settings: DemoSettings, logFiles: readonly string[]): string {
  const urls = serviceNames.map(
    (service) => `  ${label(titles[service])}${settings.publicUrls[service]}`,
  )
  const people = settings.accounts.map(({ username, password }) => `${username} / ${password}`)
  const logs = logFiles.map((file) => relative(process.cwd(), file))
  return [
    '',
    'Sallyport is running.',
    '',
    ...urls.map((line, index) => (index === 0 ? `${line}   <- open this` : line)),
    '',
    `  ${label('sign in as')}${people.join('   or   ')}`,
    `  ${label('logs')}${logs.join(`\n  ${label('')}`)}`,
    `  ${label('stop')}Ctrl-C`,
    '',
    '',
  ].join('\n')
}

function label(text: string): string {
  return text.padEnd(18)
}
