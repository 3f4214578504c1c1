import { stat } from 'node:fs/promises'

/**
 * What tells one state of a file from the next without reading it: also when another file takes its
 * name, or a link on the way to it is turned. A file that is not there has one too.
 */
export async function fingerprintOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(':')
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}
