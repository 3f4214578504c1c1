/** An upstream did not accept a connection, or begin to answer, in time. */
export class UpstreamTimeout extends Error {
  override readonly name = 'UpstreamTimeout'
}
