import { createReadStream, statSync, watch } from 'node:fs'
import { basename } from 'node:path'

/**
 * Tells of each line appended to the log files from now on, after its service's name.
 *
 * @returns what ends it.
 */
export function followLogs(files: readonly string[], onLine: (line: string) => void): () => void {
  const watchers = files.map((file) => follow(file, onLine))
  return () => {
    for (const watcher of watchers) watcher.close()
  }
}

function follow(file: string, onLine: (line: string) => void) {
  const name = basename(file, '.jsonl')
  let position = statSync(file).size
  let started = ''
  let reading = false

  const readOn = () => {
    if (reading) return
    reading = true
    const from = position
    const stream = createReadStream(file, { start: from, encoding: 'utf8' })
    stream.on('data', (text) => {
      position += Buffer.byteLength(text)
      const lines = `${started}${text}`.split('\n')
      started = lines.pop() ?? ''
      for (const line of lines) onLine(`${name} ${line}`)
    })
    stream.on('close', () => {
      reading = false
      // What came while the file was read has had its event already.
      if (position > from) readOn()
    })
    // The file was deleted under us: nothing more to show.
    stream.on('error', () => undefined)
  }
  return watch(file, readOn)
}
