export {
  createIssuerKey,
  type IssuerKey,
  type LoopbackIssuer,
  startIssuer,
} from './loopback-issuer.ts'
export { type LoopbackServer, listen, readText, sendJson } from './loopback-server.ts'
