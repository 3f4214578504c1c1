const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * A random trace id, 32 characters. As in OpenTelemetry's own SDK it is no secret: it only tells
 * traces apart.
 */
export function createTraceId(): string {
  return fourBytes(1) + fourBytes() + fourBytes() + fourBytes()
}

/** A random span id, 16 characters. */
export function createSpanId(): string {
  return fourBytes(1) + fourBytes()
}

/** @param least so that an id is never all zeros, which would be none. */
function fourBytes(least = 0): string {
  const bits = least + Math.floor(Math.random() * (0x1_0000_0000 - least))
  return (
    (hex[bits >>> 24] as string) +
    (hex[(bits >>> 16) & 0xff] as string) +
    (hex[(bits >>> 8) & 0xff] as string) +
    (hex[bits & 0xff] as string)
  )
}
