import { createServer, type Server } from 'node:http'
import type { NodeLane } from './node-lane.ts'

const kibibyte = 1024

/**
 * Creates the HTTP server in front of a lane, strict and bounded: a head of at most 16 KiB within
 * 30 s, no lenient parsing. All header fields are visible: a count limit would hide some from the
 * rules while the body still arrives (CVE-2026-58044).
 */
export function createNodeServer(lane: NodeLane): Server {
  const server = createServer(
    {
      maxHeaderSize: 16 * kibibyte,
      headersTimeout: 30_000,
      requestTimeout: 0,
      keepAliveTimeout: 65_000,
      insecureHTTPParser: false,
      requireHostHeader: true,
    },
    lane.handle,
  )
  server.maxHeadersCount = 0
  return server
}
