/** What an upstream sent is not one response that every parser reads in the same way. */
export class ResponseFault extends Error {
  override readonly name = 'ResponseFault'
}
