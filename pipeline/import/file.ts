import { createReadStream, createWriteStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { UserError } from '../errors.ts'
import { firstRecord } from './header.ts'

/** A file of which we know what it is, unpacked: DuckDB can read `path` as it stands. */
export type PlainFile =
  | { format: 'csv'; path: string; delimiter: string; header: string[] }
  | { format: 'ndjson'; path: string }
  | { format: 'parquet'; path: string }

const headBytes = 1 << 20

/** Says what a file is by its content, never by its name, and unpacks it into `temporary` if it is gzipped. */
export async function recognize(file: string, temporary: string): Promise<PlainFile> {
  await readable(file)
  let path = file
  let head = await headOf(path)
  if (head[0] === 0x1f && head[1] === 0x8b) {
    path = await unpack(file, join(temporary, 'unpacked'))
    head = await headOf(path)
  }
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return { format: 'parquet', path }
  refuseBinary(file, head)
  const text = head.toString('utf8').replace(/^\ufeff/, '')
  const start = text.trimStart()[0]
  if (start === undefined)
    throw new UserError({ code: 'EMPTY_FILE', message: `${file} is empty.`, hint: 'Nothing was taken.' })
  if (start === '{') return { format: 'ndjson', path }
  if (start === '[') {
    throw malformed(file, 'it is one JSON array', 'Write one object per line: jq -c ".[]" FILE > FILE.ndjson')
  }
  return { format: 'csv', path, ...firstRecord(text) }
}

/** A copy of a file whose line ends are all alike; DuckDB refuses a file that mixes them. */
export async function withPlainLineEnds(file: PlainFile, temporary: string): Promise<PlainFile> {
  const path = join(temporary, 'line-ends')
  let held = ''
  const plain = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const text = held + chunk.toString('latin1')
      held = text.endsWith('\r') ? '\r' : ''
      done(null, Buffer.from(text.slice(0, text.length - held.length).replaceAll('\r\n', '\n'), 'latin1'))
    },
    flush: (done) => done(null, Buffer.from(held, 'latin1')),
  })
  await pipeline(createReadStream(file.path), plain, createWriteStream(path))
  return { ...file, path }
}

export function malformed(file: string, what: string, hint?: string): UserError {
  return new UserError({
    code: 'MALFORMED_FILE',
    message: `${file} can't be read: ${what}. Nothing was taken.`,
    hint: hint ?? 'Tideline reads CSV and NDJSON (also gzipped) in UTF-8, and Parquet.',
  })
}

async function readable(file: string): Promise<void> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === 'ENOENT' || error.code === 'ENOTDIR'
    throw new UserError({
      code: missing ? 'FILE_NOT_FOUND' : 'FILE_NOT_READABLE',
      message: missing ? `There is no file ${file}.` : `${file} can't be opened (${error.code}).`,
      hint: missing ? 'Check the path; it is looked up from where you stand.' : 'Check its permissions.',
      cause: error,
    })
  })
  if (found.isDirectory()) {
    throw new UserError({
      code: 'FILE_IS_A_FOLDER',
      message: `${file} is a folder.`,
      hint: 'Name the files in it.',
    })
  }
}

async function headOf(path: string): Promise<Buffer> {
  const handle = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new UserError({
      code: 'FILE_NOT_READABLE',
      message: `${path} can't be opened (${error.code}).`,
      hint: 'Check its permissions.',
      cause: error,
    })
  })
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** Through zlib and not DuckDB, which takes a gzip file that breaks off for a whole one. */
async function unpack(file: string, path: string): Promise<string> {
  await pipeline(createReadStream(file), createGunzip(), createWriteStream(path)).catch(
    (error: NodeJS.ErrnoException) => {
      if (!error.code?.startsWith('Z_')) throw error
      throw malformed(
        file,
        `its gzip is broken (${error.message})`,
        'Fetch it once more; it may have been cut off.',
      )
    },
  )
  return path
}

function refuseBinary(file: string, head: Buffer): void {
  const magic = head.subarray(0, 4).toString('latin1')
  if (magic.startsWith('PK')) {
    throw malformed(
      file,
      'it is a spreadsheet or a zip archive',
      'Save it as CSV (UTF-8), or unpack it first.',
    )
  }
  if (magic.startsWith('\xff\xfe') || magic.startsWith('\xfe\xff')) {
    throw malformed(file, 'its text is UTF-16', `Convert it: iconv -f UTF-16 -t UTF-8 ${file} > utf8.csv`)
  }
  // One NUL among the text is a bad row; where they are many it is no text.
  const nuls = head.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0)
  if (nuls > 3 && nuls > head.length / 50) throw malformed(file, 'it is neither text nor Parquet')
}
