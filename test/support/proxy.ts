import { connect, createServer, type Socket } from 'node:net'

export type Proxy = {
  readonly url: string
  /** How many connections were cut. */
  cut(): number
  close(): void
}

/**
 * Stands between a client and the server. A connection that has said `after` is cut as soon as the server has answered
 * its next `commit`: the client never hears of it.
 */
export async function cuttingProxy(url: string, after: string): Promise<Proxy> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let cuts = 0
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    let [armed, committing] = [false, false]
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      if (text.includes(after)) armed = true
      if (armed && /commit\0/.test(text)) committing = true
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (!committing) return void client.write(bytes)
      cuts++
      client.destroy()
      upstream.destroy()
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no port')
  const through = new URL(url)
  through.host = `127.0.0.1:${address.port}`
  return {
    url: through.href,
    cut: () => cuts,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
