import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A self-signed certificate and its key, PEM, good for two days. */
export function createCertificate(): { certificate: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-certificate-'))
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const names = ['-subj', '/CN=app', '-nodes', '-days', '2']
  try {
    execFileSync('openssl', [...request, ...names, '-keyout', keyFile, '-out', certificateFile], {
      stdio: 'ignore',
    })
    return {
      certificate: readFileSync(certificateFile, 'utf8'),
      key: readFileSync(keyFile, 'utf8'),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
