import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A certificate with its key, in PEM. */
export interface Certified {
  cert: string
  key: string
  /** The certificate as it stands in a JWK's `x5c`. */
  x5c: string
  publicKey: KeyObject
  privateKey: KeyObject
  subject: Name
}

/** A subject: type and value, in the certificate's order. */
export type Name = readonly [type: 'CN' | 'O', value: string][]

export interface CertificateRequest {
  subject: Name
  /** Who signs; absent: the certificate signs itself. */
  authority?: Certified
  isAuthority?: boolean
  /** Names of a server, for `subjectAltName`. */
  dnsName?: string
}

const types = { CN: [0x55, 0x04, 0x03], O: [0x55, 0x04, 0x0a] }
const ecdsaWithSha256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]
const basicConstraints = [0x55, 0x1d, 0x13]
const subjectAltName = [0x55, 0x1d, 0x11]

/** Makes an X.509 certificate with a P-256 key, good for a day: Node reads them but makes none. */
export function createCertificate(request: CertificateRequest): Certified {
  const { subject, authority, isAuthority = false, dnsName } = request
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid(ecdsaWithSha256))
  const extensions = [
    sequence(oid(basicConstraints), octets(sequence(...(isAuthority ? [tlv(1, [0xff])] : [])))),
    ...(dnsName
      ? [sequence(oid(subjectAltName), octets(sequence(tlv(0x82, Buffer.from(dnsName)))))]
      : []),
  ]
  const content = sequence(
    tlv(0xa0, tlv(2, [2])),
    tlv(2, [1, ...Buffer.from(String(Math.floor(performance.now() * 1000)))]),
    algorithm,
    name(authority?.subject ?? subject),
    sequence(time(-1), time(1)),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', content, authority?.privateKey ?? privateKey)
  const der = sequence(content, algorithm, tlv(3, Buffer.concat([Buffer.of(0), signature])))
  const x5c = der.toString('base64')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${x5c.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    x5c,
    publicKey,
    privateKey,
    subject,
  }
}

function name(parts: Name): Buffer {
  return sequence(
    ...parts.map(([type, value]) =>
      tlv(0x31, sequence(oid(types[type]), tlv(0x0c, Buffer.from(value)))),
    ),
  )
}

function time(days: number): Buffer {
  const when = new Date(Date.now() + days * 86_400_000).toISOString()
  return tlv(0x18, Buffer.from(`${when.replace(/\.\d+|[-:T]/g, '')}`))
}

const sequence = (...parts: Buffer[]) => tlv(0x30, Buffer.concat(parts))
const octets = (content: Buffer) => tlv(4, content)
const oid = (bytes: number[]) => tlv(6, bytes)

function tlv(tag: number, content: readonly number[] | Buffer): Buffer {
  const { length } = content
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.of(tag, ...size), Buffer.from(content)])
}
