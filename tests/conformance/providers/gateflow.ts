import assert from 'node:assert/strict'
import {
  type Answer,
  apiClient,
  clientForms,
  makeTemporaryFolder,
  readEvents,
  removeFolder,
  spawnServer,
  type TestServer,
  type UploadForm,
} from '@custody/testkit'
import OpenAI, { toFile } from 'openai'
import {
  type AnyFile,
  idsOf,
  isRefused,
  type Json,
  listed,
  MiB,
  replaced,
  shell,
  takesUpTo,
  uploaded,
} from '../statements/checks.ts'
import { batchLine, chatExample, pdf, png, uploadFor } from '../statements/samples.ts'
import {
  deferred,
  holds,
  notObservable,
  type Provider,
  type Statement,
} from '../statements/statement.ts'
import { typedFiles, videos } from '../statements/typed-files.ts'
import type { World } from '../statements/world.ts'

const document = { purpose: 'document', filename: 'document.pdf', content: pdf }
const meeting = {
  purpose: 'audio',
  filename: 'meeting.mp3',
  content: typedFiles['.mp3'],
}

/** What Python's `requests` writes for `files={'file': f}, data={…}`. */
const requestsForm = clientForms['curl with standard input']

/** What the SDK for Python makes of `extra_body={'gateflow': {…}}`: a text field for each option. */
const asked = (upload: UploadForm, options: Readonly<Record<string, unknown>>) =>
  clientForms['openai-python']({
    ...upload,
    fields: Object.entries(options).map(
      ([name, value]) => [`gateflow[${name}]`, `${value}`] as const,
    ),
  })

/** What the log says that was asked for, in clear and as text that can be erased. */
async function recorded({ dataDir }: TestServer, { id }: AnyFile) {
  const events = await readEvents(dataDir)
  const stream = id.replaceAll(/^file-|-/g, '')
  const found = events.find(
    ({ record }) =>
      record.type === 'FileUploaded' && record.stream.replaceAll('-', '') === stream,
  )
  assert.ok(found)
  const personal = Object(found.private.personal)
  return { options: Object(found.record.data).options, texts: personal.options }
}

/** Uploads with options, which are recorded with their types; nothing is processed. */
const recordsOptions =
  (upload: UploadForm, options: Readonly<Record<string, unknown>>) =>
  async ({ server, api }: World) => {
    const file = await uploaded(api, asked(upload, options))
    const { collection, classification, compliance_regime, ...others } = options
    const { options: clear, texts } = await recorded(server, file)
    assert.deepEqual(clear, others)
    assert.deepEqual(texts, collection === undefined ? undefined : { collection })
    const shown: Json = Object(file.gateflow)
    assert.equal(shown.processing, false)
    assert.equal(shown.process_id, null)
    assert.equal(shown.classification, classification)
    assert.equal(shown.compliance_regime, compliance_regime)
  }

type Extension = keyof typeof typedFiles | '.m4a'
const fileOf = (extension: Extension) =>
  typedFiles[extension === '.m4a' ? '.mp4' : extension]

/** A type of the tables: taken by the purpose and by assistants, told by content, up to a size. */
const takesType =
  (purpose: string, extension: Extension, mediaType: string, mebibytes: number) =>
  async ({ api }: World) => {
    const content = fileOf(extension)
    const filename = `a${extension.toUpperCase()}`
    await uploaded(api, { purpose, filename, content })
    const checked = await validated(api, { purpose: 'assistants', filename, content })
    const facts: Json = Object(checked.facts)
    assert.match(JSON.stringify(facts), new RegExp(`"media_type":"${mediaType}"`))

    const otherContent = extension === '.pdf' ? png : pdf
    isRefused(await api.upload({ purpose, filename, content: otherContent }), {
      status: 415,
      code: 'unsupported_media_type',
    })
    const large = Buffer.alloc(mebibytes * MiB + 1, 'x')
    isRefused(await api.upload({ purpose, filename, content: large }), {
      status: 413,
      code: 'file_too_large',
      message: new RegExp(
        `at most ${mebibytes * MiB} bytes .* has (at least )?${large.length}`,
      ),
    })
  }

async function validated(api: World['api'], upload: UploadForm): Promise<Json> {
  const body = clientForms.curl(upload)
  const answer = await api.call('POST', '/v1/files/validate', { body })
  assert.equal(answer.status, 200, answer.text)
  const validation = answer.json<Json>()
  assert.equal(validation.valid, true, answer.text)
  return validation
}

/** A purpose that takes files of one type up to a size. */
const takesAtMost =
  (purpose: string, filename: string, mebibytes: number) =>
  async ({ api }: World) => {
    const content = Buffer.alloc(mebibytes * MiB + 1, 'x')
    isRefused(await api.upload({ purpose, filename, content }), {
      status: 413,
      code: 'file_too_large',
      param: 'file',
      message: new RegExp(
        `purpose '${purpose}' of dialect 'gateflow' takes at most ${mebibytes * MiB} bytes .* has (at least )?${content.length}`,
      ),
    })
  }

/** One more request with a wrong key, and one without. */
async function refusesKeys(server: TestServer): Promise<void> {
  for (const key of [undefined, 'gw_prod_wrong']) {
    const answer = await server.as(key).call('GET', '/v1/files')
    isRefused(answer, { status: 401, type: 'invalid_request_error' })
  }
}

const withOption = (name: string, value: string): UploadForm => ({
  ...document,
  fields: [[`gateflow[${name}]`, value]],
})

const processing =
  'nothing processes files in this version: the option is checked and recorded, and the answer says processing: false'
const status =
  'nothing processes files in this version: a file is processed once it was validated, so that clients which wait come to an end'

const deferredOption = (quote: string): Statement => deferred(quote, processing)

/** GateFlow, "Upload Files". */
export const gateflow: Provider = {
  name: 'gateflow',
  document: 'GateFlow, Upload Files',
  statements: [
    notObservable(
      'Upload files for use with AI models and document processing.',
      'the models that use files are outside this service',
    ),
    holds('POST /v1/files', async ({ api }) => {
      assert.equal((await api.upload(document)).status, 200)
    }),
    holds('Authorization: Bearer gw_prod_...', async ({ dialect }) => {
      // A key of the provider can go on being used
      const key = 'gw_prod_0123456789abcdef0123456789abcdef'
      const dataDir = makeTemporaryFolder()
      const env = { CUSTODY_DIALECT: dialect, CUSTODY_API_KEY: key }
      const server = await spawnServer({ dataDir, env })
      try {
        await uploaded(apiClient(server.address, key), document)
      } finally {
        await server.kill()
        removeFolder(dataDir)
      }
    }),
    holds('Authorization | Yes | Bearer token with API key |', async (world) => {
      assert.equal((await world.api.call('GET', '/v1/files')).status, 200)
      await refusesKeys(await world.ownServer())
    }),
    holds('Content-Type | Yes | multipart/form-data |', async ({ api }) => {
      const body = { purpose: 'document', file: 'Hello' }
      isRefused(await api.call('POST', '/v1/files', { body }), {
        status: 415,
        code: 'unsupported_media_type',
      })
    }),
    holds('file | file | Yes | File to upload |', async ({ api }) => {
      const required = { status: 400, code: 'missing_required_parameter', param: 'file' }
      isRefused(await api.upload([{ name: 'purpose', content: 'document' }]), required)
      const empty = { ...document, filename: 'a.txt', content: '' }
      isRefused(await api.upload(empty), { status: 400, code: 'empty_file' })
    }),
    holds('purpose | string | Yes | Purpose of file (see below) |', async ({ api }) => {
      const file = { name: 'file', filename: 'a.pdf', content: pdf }
      isRefused(await api.upload([file]), {
        status: 400,
        code: 'missing_required_parameter',
        param: 'purpose',
      })
    }),
    holds('metadata | object | No | Custom metadata |', async ({ api }) => {
      assert.equal('metadata' in (await uploaded(api, document)), false)
      const fields = [['metadata[client]', 'acme']] as const
      const file = await uploaded(api, { ...document, fields })
      assert.deepEqual(file.metadata, { client: 'acme' })
      for (const metadata of [
        '[]',
        '{"a":1}',
        JSON.stringify({ a: 'v'.repeat(513) }),
        JSON.stringify({ ['k'.repeat(65)]: '' }),
        JSON.stringify(Object.fromEntries([...'abcdefghijklmnopq'].map((k) => [k, '']))),
      ]) {
        const fields = [['metadata', metadata]] as const
        const answer = await api.upload({ ...document, fields })
        isRefused(answer, { status: 400, param: 'metadata' })
      }
    }),

    holds('assistants | For use with assistants |', async ({ api }) => {
      for (const extension of ['.docx', '.webm', '.gif'] as const) {
        const filename = `a${extension}`
        const content = fileOf(extension)
        await uploaded(api, { purpose: 'assistants', filename, content })
      }
      const lines = { purpose: 'assistants', filename: 'a.jsonl', content: '{}\n' }
      isRefused(await api.upload(lines), { status: 400, code: 'invalid_extension' })
    }),
    notObservable(
      'For use with assistants | 512 MB |',
      'each type of the tables has a smaller limit, and the smaller counts: the largest file for assistants has 50 MiB',
    ),
    holds('fine-tune | Training data | 1 GB |', async ({ server, project, api }) => {
      await uploaded(api, uploadFor('fine-tune'))
      const csv = { purpose: 'fine-tune', filename: 'a.csv', content: chatExample }
      isRefused(await api.upload(csv), { status: 400, code: 'invalid_extension' })
      await takesUpTo(server, project.key, 1024 * MiB)
    }),
    holds('batch | Batch API input | 100 MB |', async (world) => {
      const file = await uploaded(world.api, uploadFor('batch'))
      assert.equal('expires_at' in file, false, 'no expiry that nobody asked for')
      await takesAtMost('batch', 'batch.jsonl', 100)(world)
    }),
    holds('document | Document processing/OCR | 50 MB |', async (world) => {
      await uploaded(world.api, document)
      await takesAtMost('document', 'a.pdf', 50)(world)
    }),
    holds('audio | Audio transcription | 25 MB |', async (world) => {
      await uploaded(world.api, meeting)
      await takesAtMost('audio', 'a.wav', 25)(world)
    }),

    holds('curl -X POST https://api.gateflow.ai/v1/files', async (world) => {
      const answer = await shell(
        replaced(
          `curl -X POST https://api.gateflow.ai/v1/files \\
-H "Authorization: Bearer gw_prod_..." \\
-F "file=@document.pdf" \\
-F "purpose=document"`,
          ['https://api.gateflow.ai', world.server.address],
          ['gw_prod_...', world.project.key],
        ),
        { 'document.pdf': pdf },
      )
      const file: AnyFile = JSON.parse(answer)
      assert.equal(file.filename, 'document.pdf')
      assert.equal(file.purpose, 'document')
    }),
    holds('client = openai.OpenAI(', async ({ server, project }) => {
      const client = new OpenAI({ baseURL: `${server.address}/v1`, apiKey: project.key })
      // Its types do not know the purpose, which goes through all the same
      const purpose = JSON.parse('"document"')
      const file = await client.files.create({
        file: await toFile(pdf, 'document.pdf'),
        purpose,
      })
      assert.deepEqual(await client.files.waitForProcessing(file.id), file)
      const content = await client.files.content(file.id)
      assert.deepEqual(Buffer.from(await content.arrayBuffer()), pdf)
    }),
    holds('print(f"Status: {file.status}")', async ({ api }) => {
      const file = await uploaded(api, clientForms['openai-python'](document))
      assert.match(file.id, /^file-/)
      assert.equal(file.status, 'processed')
    }),
    holds(
      `"metadata": '{"client": "acme", "type": "contract", "year": "2026"}'`,
      async ({ server, project, api }) => {
        const metadata = { client: 'acme', type: 'contract', year: '2026' }
        const sent = '{"client": "acme", "type": "contract", "year": "2026"}'
        const contract = { ...document, filename: 'contract.pdf' }
        const form = requestsForm({ ...contract, fields: [['metadata', sent]] })
        const file = await uploaded(api, form)
        assert.equal(file.filename, 'contract.pdf')
        assert.deepEqual(file.metadata, metadata)

        const python = await shell(
          'python3 -c "import requests" 2>&1 >/dev/null && echo yes || true',
        )
        if (!python.includes('yes')) return
        const id = await shell(
          `python3 <<'END'\n${replaced(
            `import requests
with open("contract.pdf", "rb") as f:
    response = requests.post(
        "https://api.gateflow.ai/v1/files",
        headers={"Authorization": "Bearer gw_prod_..."},
        files={"file": f},
        data={
            "purpose": "document",
            "metadata": '${sent}'
        }
    )
file = response.json()
print(f"File ID: {file['id']}")`,
            ['https://api.gateflow.ai', server.address],
            ['gw_prod_...', project.key],
          )}\nEND`,
          { 'contract.pdf': pdf },
        )
        const found = await api.get(id.replace('File ID: ', '').trim())
        assert.deepEqual(found.json<AnyFile>().metadata, metadata)
      },
    ),

    holds(
      'client.files.create(\nfile=open("report.pdf", "rb"),',
      recordsOptions(
        { ...document, filename: 'report.pdf' },
        { process: true, vectorize: true, detect_pii: true, collection: 'legal-docs' },
      ),
    ),
    deferredOption('# Upload document for OCR and vector storage'),
    deferredOption('"process": True, # Enable OCR processing'),
    deferredOption('"vectorize": True, # Add to vector store'),
    deferredOption('"detect_pii": True, # Scan for PII/PHI'),
    deferredOption('"collection": "legal-docs" # Target collection'),
    holds(
      'file=open("meeting.mp3", "rb"),',
      recordsOptions(meeting, {
        auto_transcribe: true,
        language: 'en',
        speaker_diarization: true,
      }),
    ),
    deferredOption('"auto_transcribe": True,'),
    deferredOption('"language": "en",'),
    deferredOption('"speaker_diarization": True'),

    holds('"id": "file-abc123",', async ({ api }) => {
      const { id } = await uploaded(api, document)
      assert.match(id, /^file-[0-9a-f]{32}$/)
      assert.equal((await api.get(id)).json<AnyFile>().id, id)
    }),
    holds('"object": "file",', async ({ api }) => {
      assert.equal((await uploaded(api, document)).object, 'file')
    }),
    holds('"bytes": 1024000,', async ({ api }) => {
      const content = 'a,b\n'.repeat(256_000)
      const file = await uploaded(api, { ...document, filename: 'a.csv', content })
      assert.equal(file.bytes, 1_024_000)
    }),
    holds('"created_at": 1708099200,', async ({ api }) => {
      const file = await uploaded(api, document)
      assert.ok(Math.abs(Number(file.created_at) - Date.now() / 1000) < 60)
    }),
    holds('"filename": "document.pdf",', async ({ api }) => {
      assert.equal((await uploaded(api, document)).filename, 'document.pdf')
    }),
    holds('"purpose": "document",\n"status"', async ({ api }) => {
      assert.equal((await uploaded(api, document)).purpose, 'document')
    }),
    holds('"status_details": null,', async ({ api }) => {
      assert.equal((await uploaded(api, document)).status_details, null)
    }),
    holds('"metadata": {\n"client": "acme",\n"type": "contract"\n}', async (world) => {
      const { api } = await world.newProject()
      const metadata = { client: 'acme', type: 'contract' }
      const fields = [['metadata', JSON.stringify(metadata)]] as const
      const { id } = await uploaded(api, { ...document, fields })
      assert.deepEqual((await api.get(id)).json<AnyFile>().metadata, metadata)
      assert.deepEqual((await listed(api)).data[0]?.metadata, metadata)
    }),
    deferred('"processing": true,', processing),
    deferred('"process_id": "proc_xyz789"', processing),
    deferred('uploaded | File uploaded, not processed |', status),
    deferred('processing | File being processed |', status),
    holds('processed | Processing complete |', async ({ api }) => {
      const { id } = await uploaded(api, document)
      assert.equal((await api.get(id)).json<AnyFile>().status, 'processed')
    }),
    deferred('error | Processing failed |', status),

    holds(
      '.pdf | application/pdf | 50 MB |',
      takesType('document', '.pdf', 'application/pdf', 50),
    ),
    holds(
      '.docx | application/vnd.openxmlformats-officedocument.wordprocessingml.document | 50 MB |',
      takesType(
        'document',
        '.docx',
        'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
        50,
      ),
    ),
    holds(
      '.doc | application/msword | 50 MB |',
      takesType('document', '.doc', 'application/msword', 50),
    ),
    holds('.txt | text/plain | 10 MB |', takesType('document', '.txt', 'text/plain', 10)),
    holds(
      '.md | text/markdown | 10 MB |',
      takesType('document', '.md', 'text/markdown', 10),
    ),
    holds('.html | text/html | 10 MB |', takesType('document', '.html', 'text/html', 10)),
    holds('.csv | text/csv | 50 MB |', takesType('document', '.csv', 'text/csv', 50)),
    holds(
      '.xlsx | application/vnd.openxmlformats-officedocument.spreadsheetml.sheet | 50 MB |',
      takesType(
        'document',
        '.xlsx',
        'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
        50,
      ),
    ),
    holds('.mp3 | audio/mpeg | 25 MB |', takesType('audio', '.mp3', 'audio/mpeg', 25)),
    holds('.mp4 | audio/mp4 | 25 MB |', async (world) => {
      await takesType('audio', '.mp4', 'audio/mp4', 25)(world)
      const content = videos['.mp4']
      await uploaded(world.api, { purpose: 'audio', filename: 'a.mp4', content })
    }),
    holds('.m4a | audio/m4a | 25 MB |', takesType('audio', '.m4a', 'audio/m4a', 25)),
    holds('.wav | audio/wav | 25 MB |', takesType('audio', '.wav', 'audio/wav', 25)),
    holds('.webm | audio/webm | 25 MB |', async (world) => {
      await takesType('audio', '.webm', 'audio/webm', 25)(world)
      const content = videos['.webm']
      await uploaded(world.api, { purpose: 'audio', filename: 'a.webm', content })
    }),
    holds('.png | image/png | 20 MB |', takesType('document', '.png', 'image/png', 20)),
    holds('.jpg | image/jpeg | 20 MB |', async (world) => {
      await takesType('document', '.jpg', 'image/jpeg', 20)(world)
      const content = typedFiles['.jpg']
      await uploaded(world.api, { purpose: 'document', filename: 'a.jpeg', content })
    }),
    holds('.gif | image/gif | 20 MB |', takesType('document', '.gif', 'image/gif', 20)),
    holds(
      '.webp | image/webp | 20 MB |',
      takesType('document', '.webp', 'image/webp', 20),
    ),

    holds(
      'file=open("document.pdf", "rb"),',
      recordsOptions(document, {
        process: true,
        ocr_model: 'mistral-document-ai',
        vectorize: true,
        embedding_model: 'text-embedding-3-large',
        chunk_size: 1000,
        chunk_overlap: 200,
      }),
    ),
    deferredOption('"ocr_model": "mistral-document-ai",'),
    deferredOption('"embedding_model": "text-embedding-3-large",'),
    deferredOption('"chunk_size": 1000,'),
    deferredOption('"chunk_overlap": 200'),
    holds(
      'file=open("medical_record.pdf", "rb"),',
      recordsOptions(
        { ...document, filename: 'medical_record.pdf' },
        { classification: 'phi', detect_pii: true, compliance_regime: 'hipaa' },
      ),
    ),
    holds(
      '"classification": "phi", # public, internal, confidential, restricted, phi',
      async (world) => {
        const { api } = await world.newProject()
        const classes = ['public', 'internal', 'confidential', 'restricted', 'phi']
        const ids = new Map<string, string>()
        for (const one of classes) {
          const file = await uploaded(api, withOption('classification', one))
          ids.set(one, file.id)
        }
        for (const [one, id] of ids) {
          assert.deepEqual(idsOf(await listed(api, `classification=${one}`)), [id])
        }
        isRefused(await api.upload(withOption('classification', 'secret')), {
          status: 400,
          code: 'invalid_value',
          param: 'gateflow[classification]',
          message:
            /'secret'.*'public', 'internal', 'confidential', 'restricted', and 'phi'/,
        })
        isRefused(await api.call('GET', '/v1/files?classification=secret'), {
          status: 400,
          code: 'invalid_value',
          param: 'classification',
        })
      },
    ),
    holds('"compliance_regime": "hipaa"', async (world) => {
      const { api } = await world.newProject()
      const hipaa = await uploaded(api, withOption('compliance_regime', 'HIPAA'))
      await uploaded(api, withOption('compliance_regime', 'gdpr'))
      await uploaded(api, document)
      assert.equal(Object(hipaa.gateflow).compliance_regime, 'hipaa')
      for (const regime of ['hipaa', 'HIPAA']) {
        const page = await listed(api, `compliance_regime=${regime}`)
        assert.deepEqual(idsOf(page), [hipaa.id])
      }
      assert.deepEqual(idsOf(await listed(api, 'compliance_regime=sox')), [])
      const both = 'compliance_regime=hipaa&classification=phi'
      assert.deepEqual(idsOf(await listed(api, both)), [])
    }),

    holds('400 | Invalid file type or purpose |', async (world) => {
      // A key that may not write what engines write, as clients have
      const { api } = await world.newProject({ scopes: ['inference'] })
      for (const purpose of ['vision', 'user_data', 'evals', 'batch_output', 'x']) {
        isRefused(await api.upload({ ...document, purpose }), {
          status: 400,
          type: 'invalid_request_error',
          param: 'purpose',
          message: new RegExp(
            `^'${purpose}' is not one of \\[('(assistants|fine-tune|batch|document|audio)'(, )?){5}\\] - 'purpose'$`,
          ),
        })
      }
      const others: readonly (readonly [string, Extension | '.jsonl'])[] = [
        ['document', '.mp3'],
        ['document', '.jsonl'],
        ['audio', '.pdf'],
        ['audio', '.jsonl'],
        ['batch', '.csv'],
        ['fine-tune', '.txt'],
      ]
      for (const [purpose, extension] of others) {
        const content = extension === '.jsonl' ? batchLine : fileOf(extension)
        isRefused(await api.upload({ purpose, filename: `a${extension}`, content }), {
          status: 400,
          code: 'invalid_extension',
          param: 'file',
        })
      }
      const options = ['proces', 'true', 'unknown_parameter'] as const
      for (const [name, value, code] of [
        options,
        ['process', 'maybe', 'invalid_type'],
        ['chunk_size', '0', 'integer_below_min_value'],
      ] as const) {
        isRefused(await api.upload(withOption(name, value)), {
          status: 400,
          code,
          param: `gateflow[${name}]`,
        })
      }
    }),
    holds('401 | Invalid API key |', async ({ ownServer }) => {
      await refusesKeys(await ownServer())
    }),
    holds('413 | File too large |', async (world) => {
      const { api } = await world.newProject({ limits: { max_file_bytes: 4 } })
      const upload = { ...document, filename: 'a.txt', content: 'Hello' }
      isRefused(await api.upload(upload), {
        status: 413,
        code: 'file_too_large',
        message: /this project takes at most 4 bytes, .* has 5/,
      })
    }),
    holds('415 | Unsupported media type |', async ({ api }) => {
      const refused = { status: 415, code: 'unsupported_media_type' }
      for (const filename of ['a.exe', 'a.zip', 'a.xls', 'a.json', 'a', '.pdf']) {
        isRefused(await api.upload({ ...document, filename }), {
          ...refused,
          param: 'file',
          message: /Must be \.pdf, \.docx, .*\.webp, \.jsonl$/,
        })
      }
      const wrong: readonly (readonly [string, string, Buffer])[] = [
        ['document', 'a.pdf', png],
        ['document', 'a.docx', typedFiles['.xlsx']],
        ['document', 'a.txt', pdf],
        ['assistants', 'a.mp3', pdf],
        ['audio', 'a.mp3', typedFiles['.wav']],
        ['audio', 'a.mp4', pdf],
      ]
      for (const [purpose, filename, content] of wrong) {
        isRefused(await api.upload({ purpose, filename, content }), refused)
      }
      const declared = (type: string): Promise<Answer> =>
        api.upload([
          { name: 'purpose', content: 'document' },
          { name: 'file', filename: 'a.pdf', content: pdf, type },
        ])
      for (const type of ['application/x-msdownload', 'video/mp4', '']) {
        assert.equal((await declared(type)).status, 200, 'never by the declared type')
      }
    }),
    holds('429 | Rate limit exceeded |', async (world) => {
      const { api } = await world.newProject({ limits: { uploads_per_minute: 1 } })
      await uploaded(api, document)
      const answer = await api.upload(document)
      isRefused(answer, { status: 429, code: 'rate_limit_exceeded' })
      assert.ok(Number(answer.headers.get('retry-after')) <= 60)
    }),
    holds('507 | Storage quota exceeded |', async (world) => {
      const { api } = await world.newProject({ limits: { quota_bytes: pdf.length } })
      const { id } = await uploaded(api, document)
      const answer = await api.upload(document)
      isRefused(answer, { status: 507, code: 'storage_quota_exceeded' })
      assert.equal(answer.headers.get('x-should-retry'), 'false')
      await api.delete(id)
      await uploaded(api, document)
    }),

    holds('List Files - List uploaded files', async (world) => {
      const { api } = await world.newProject()
      const first = await uploaded(api, document)
      const second = await uploaded(api, meeting)
      assert.deepEqual(idsOf(await listed(api)), [second.id, first.id])
      assert.deepEqual(idsOf(await listed(api, 'purpose=document')), [first.id])
    }),
    holds('File Operations - Get, delete, download', async ({ api }) => {
      const file = await uploaded(api, document)
      assert.deepEqual((await api.get(file.id)).json(), file)
      assert.deepEqual((await api.content(file.id)).bytes, pdf)
      assert.deepEqual((await api.delete(file.id)).json(), {
        id: file.id,
        object: 'file',
        deleted: true,
      })
      isRefused(await api.get(file.id), { status: 404, param: 'id' })
    }),
    notObservable(
      'Document Ingestion - Processing guide',
      'the name of another document, which is about processing',
    ),
  ],
}
