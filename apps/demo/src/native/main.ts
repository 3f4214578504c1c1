import { parseDemoRequest } from '../settings.ts'
import { signIn } from './native-client.ts'

const { settings } = parseDemoRequest(process.argv.slice(2))
const say = (text: string) => process.stdout.write(`${text}\n`)

const session = await signIn({
  ...{ bff: settings.publicUrls.bff, clientId: 'orders-cli', redirectPath: '/signed-in' },
  openBrowser: (url) => say(`Open this in a browser of this machine:\n\n${url}\n`),
})
const answer = await session.call('/app/orders')
say(`Your orders (${answer.status}):\n${await answer.text()}`)
await session.signOut()
say(`Signed out: the same call now gives ${(await session.call('/app/orders')).status}.`)
