import { createWriteStream } from 'node:fs'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { to as copyTo } from 'pg-copy-streams'
import type { Client } from './engine.ts'

/**
 * Pipes what a `copy … to stdout` gives into a file, and returns how many rows that were. Where the file can't be
 * written, the rest is read nevertheless: the session would wait for ever otherwise, and it is needed after that.
 */
export async function copyToFile(client: Client, copy: string, path: string): Promise<number> {
  const file = createWriteStream(path)
  let failed: Error | undefined
  // Its event may come after the stream has ended: half a file must not be taken for a whole one.
  const fail = (error?: Error | null) => {
    failed ??= error ?? undefined
  }
  file.on('error', fail)
  const guarded = new Writable({
    write(chunk, _, done) {
      if (failed) return done()
      file.write(chunk, (error) => {
        fail(error)
        done()
      })
    },
    final(done) {
      if (failed) return done()
      file.end((error?: Error) => {
        fail(error)
        done()
      })
    },
  })
  const given = client.query(copyTo(copy))
  await pipeline(given, guarded)
  file.destroy()
  if (failed) throw failed
  return given.rowCount
}
