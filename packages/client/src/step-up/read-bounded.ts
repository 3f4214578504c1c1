/** The JSON in a body, or nothing when there is none or it is longer than so many bytes. */
export async function readBounded(response: Response, mostBytes: number): Promise<unknown> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  try {
    for (;;) {
      const part = await reader?.read()
      if (!part || part.done) return JSON.parse(text)
      bytes += part.value.length
      if (bytes > mostBytes) return undefined
      text += decoder.decode(part.value, { stream: true })
    }
  } catch {
    return undefined
  } finally {
    reader?.cancel().catch(() => {})
  }
}
