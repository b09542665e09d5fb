import { CustodyError } from '@custody/domain/errors'
import fc from 'fast-check'
import t from 'tap'
import { dialectNamed } from '../../src/index.ts'

const gateflow = dialectNamed('gateflow')

type Pair = readonly [name: string, value: string]

/** What an upload with these fields says beside its purpose. */
function parse(...pairs: readonly Pair[]) {
  const all: readonly Pair[] = [['purpose', 'document'], ...pairs]
  const fields = all.map(([name, value]) => ({ name, value }))
  for (const { name } of fields) {
    if (!gateflow.takesField(name)) throw new Error(`${name} is not taken`)
  }
  const { purpose, ...said } = gateflow.parseUpload(fields)
  return said
}

const option = (name: string, value: string): Pair => [`gateflow[${name}]`, value]
const whole = (options: unknown): Pair => ['gateflow', JSON.stringify(options)]

const flags = [
  'process',
  'vectorize',
  'detect_pii',
  'auto_transcribe',
  'speaker_diarization',
]

const accepted: Readonly<
  Record<string, readonly [sent: readonly Pair[], json: object, said: object]>
> = {
  'processing of a document': [
    [
      option('process', 'true'),
      option('vectorize', 'true'),
      option('detect_pii', 'true'),
      option('collection', 'legal-docs'),
    ],
    { process: true, vectorize: true, detect_pii: true, collection: 'legal-docs' },
    {
      options: { process: true, vectorize: true, detect_pii: true },
      textOptions: { collection: 'legal-docs' },
    },
  ],
  transcription: [
    [
      option('auto_transcribe', 'true'),
      option('language', 'en'),
      option('speaker_diarization', 'true'),
    ],
    { auto_transcribe: true, language: 'en', speaker_diarization: true },
    { options: { auto_transcribe: true, language: 'en', speaker_diarization: true } },
  ],
  'models and chunks': [
    [
      option('process', 'true'),
      option('ocr_model', 'mistral-document-ai'),
      option('vectorize', 'true'),
      option('embedding_model', 'text-embedding-3-large'),
      option('chunk_size', '1000'),
      option('chunk_overlap', '200'),
    ],
    {
      process: true,
      ocr_model: 'mistral-document-ai',
      vectorize: true,
      embedding_model: 'text-embedding-3-large',
      chunk_size: 1000,
      chunk_overlap: 200,
    },
    {
      options: {
        process: true,
        ocr_model: 'mistral-document-ai',
        vectorize: true,
        embedding_model: 'text-embedding-3-large',
        chunk_size: 1000,
        chunk_overlap: 200,
      },
    },
  ],
  'classification and compliance regime': [
    [
      option('classification', 'phi'),
      option('detect_pii', 'true'),
      option('compliance_regime', 'HIPAA'),
    ],
    { classification: 'phi', detect_pii: true, compliance_regime: 'HIPAA' },
    {
      classification: 'phi',
      complianceRegime: 'hipaa',
      options: { detect_pii: true },
    },
  ],
  'a collection of 256 characters': [
    [option('collection', '🙂'.repeat(256))],
    { collection: '🙂'.repeat(256) },
    { textOptions: { collection: '🙂'.repeat(256) } },
  ],
  'the least and the most': [
    [option('chunk_size', '100000'), option('chunk_overlap', '99999')],
    { chunk_size: 100_000, chunk_overlap: 99_999 },
    { options: { chunk_size: 100_000, chunk_overlap: 99_999 } },
  ],
  'an overlap of nothing': [
    [option('chunk_size', '1'), option('chunk_overlap', '-0')],
    { chunk_size: 1, chunk_overlap: -0 },
    { options: { chunk_size: 1, chunk_overlap: 0 } },
  ],
}

for (const [what, [sent, json, said]] of Object.entries(accepted)) {
  t.test(`options say ${what}, in brackets or as one JSON object`, async (t) => {
    t.strictSame(parse(...sent), said)
    t.strictSame(parse(whole(json)), said)
  })
}

t.test('a flag is true or false, also as Python writes it', async (t) => {
  for (const name of flags) {
    for (const [text, value] of [
      ['true', true],
      ['false', false],
      ['True', true],
      ['False', false],
    ] as const) {
      t.strictSame(parse(option(name, text)), { options: { [name]: value } })
    }
  }
})

t.test('languages and models are names', async (t) => {
  for (const language of ['en', 'pt-BR', 'zh-Hans-CN', 'es-419', 'auto']) {
    t.strictSame(parse(option('language', language)), { options: { language } })
  }
  for (const model of ['gpt-4o', 'BAAI/bge-m3', 'qwen2.5:7b', 'a'.repeat(128)]) {
    t.strictSame(parse(option('ocr_model', model)), { options: { ocr_model: model } })
  }
})

t.test('a text of the object may look like a key', async (t) => {
  const collection = '"collection": "a", \\"collection":'
  t.strictSame(parse(whole({ language: 'en', collection })), {
    options: { language: 'en' },
    textOptions: { collection },
  })
})

t.test('no options leave nothing', async (t) => {
  t.strictSame(parse(), {})
  t.strictSame(parse(['gateflow', '{}']), {})
})

const wrongFlag = /'gateflow\[process\]'.*'true' or 'false', but got 'yes'/
const refused: readonly {
  readonly what: string
  readonly sent: readonly Pair[]
  readonly code: string
  readonly param: string
  readonly message: RegExp
}[] = [
  {
    what: 'an option that nobody knows',
    sent: [option('proces', 'true')],
    code: 'unknown_parameter',
    param: 'gateflow[proces]',
    message: /'gateflow\[proces\]'.* are process, vectorize, .*compliance_regime\.$/,
  },
  {
    what: 'an unknown member of the object',
    sent: [whole({ ocr: true })],
    code: 'unknown_parameter',
    param: 'gateflow[ocr]',
    message: /'gateflow\[ocr\]'/,
  },
  {
    what: '__proto__',
    sent: [['gateflow', '{"__proto__":{"process":true}}']],
    code: 'unknown_parameter',
    param: 'gateflow[__proto__]',
    message: /__proto__/,
  },
  {
    what: 'a name of a method of objects',
    sent: [option('constructor', 'x')],
    code: 'unknown_parameter',
    param: 'gateflow[constructor]',
    message: /constructor/,
  },
  {
    what: 'an array',
    sent: [['gateflow[collection][]', 'a']],
    code: 'unknown_parameter',
    param: 'gateflow[collection][]',
    message: /'gateflow\[collection\]\[\]'/,
  },
  {
    what: 'a bracket that is not closed',
    sent: [['gateflow[process', 'true']],
    code: 'unknown_parameter',
    param: 'gateflow[process',
    message: /'gateflow\[process'/,
  },
  {
    what: 'a flag that is no boolean',
    sent: [option('process', 'yes')],
    code: 'invalid_type',
    param: 'gateflow[process]',
    message: wrongFlag,
  },
  {
    what: 'an empty flag',
    sent: [option('process', '')],
    code: 'invalid_type',
    param: 'gateflow[process]',
    message: /but got ''/,
  },
  {
    what: 'a flag of the object that is a text',
    sent: [whole({ process: 'true' })],
    code: 'invalid_type',
    param: 'gateflow[process]',
    message: /expected true or false, but got the string 'true' instead/,
  },
  {
    what: 'null',
    sent: [whole({ detect_pii: null })],
    code: 'invalid_type',
    param: 'gateflow[detect_pii]',
    message: /but got 'null'/,
  },
  {
    what: 'an integer of the object that is a text',
    sent: [whole({ chunk_size: '1000' })],
    code: 'invalid_type',
    param: 'gateflow[chunk_size]',
    message: /expected an integer, but got the string '1000' instead/,
  },
  {
    what: 'a fraction',
    sent: [option('chunk_size', '0.5')],
    code: 'invalid_type',
    param: 'gateflow[chunk_size]',
    message: /expected an integer, but got '0.5'/,
  },
  {
    what: 'chunks of nothing',
    sent: [option('chunk_size', '0')],
    code: 'integer_below_min_value',
    param: 'gateflow[chunk_size]',
    message: />= 1, but got 0/,
  },
  {
    what: 'chunks over the bound',
    sent: [whole({ chunk_size: 100_001 })],
    code: 'integer_above_max_value',
    param: 'gateflow[chunk_size]',
    message: /<= 100000, but got 100001/,
  },
  {
    what: 'an overlap as large as the chunks',
    sent: [option('chunk_overlap', '200'), option('chunk_size', '200')],
    code: 'invalid_value',
    param: 'gateflow[chunk_overlap]',
    message: /'200'\. Expected less than 'gateflow\[chunk_size\]', which is 200\.$/,
  },
  {
    what: 'a classification that there is not',
    sent: [option('classification', 'secret')],
    code: 'invalid_value',
    param: 'gateflow[classification]',
    message:
      /'secret'\. .* 'public', 'internal', 'confidential', 'restricted', and 'phi'\.$/,
  },
  {
    what: 'a classification that is no text',
    sent: [whole({ classification: ['phi'] })],
    code: 'invalid_type',
    param: 'gateflow[classification]',
    message: /expected a string/,
  },
  {
    what: 'a regime with a space',
    sent: [option('compliance_regime', 'hipaa and more')],
    code: 'invalid_value',
    param: 'gateflow[compliance_regime]',
    message: /'hipaa and more'\. Expected 1 to 64 letters/,
  },
  {
    what: 'a regime of 65 characters',
    sent: [option('compliance_regime', 'x'.repeat(65))],
    code: 'invalid_value',
    param: 'gateflow[compliance_regime]',
    message: /1 to 64/,
  },
  {
    what: 'a language in words',
    sent: [option('language', 'English, please')],
    code: 'invalid_value',
    param: 'gateflow[language]',
    message: /'English, please'\. Expected a language tag of BCP 47/,
  },
  {
    what: 'a model with a line end',
    sent: [option('embedding_model', 'model\n')],
    code: 'invalid_value',
    param: 'gateflow[embedding_model]',
    message: /'model\\n'\. Expected the name of a model: 1 to 128/,
  },
  {
    what: 'a model of 129 characters',
    sent: [option('ocr_model', 'm'.repeat(129))],
    code: 'invalid_value',
    param: 'gateflow[ocr_model]',
    message: /1 to 128/,
  },
  {
    what: 'a collection of 257 characters',
    sent: [option('collection', '🙂'.repeat(257))],
    code: 'string_above_max_length',
    param: 'gateflow[collection]',
    message: /at most 256 characters, but got 257/,
  },
  {
    what: 'a collection without a name',
    sent: [option('collection', '')],
    code: 'invalid_value',
    param: 'gateflow[collection]',
    message: /''\. Expected 1 to 256/,
  },
  {
    what: 'a collection with a control character',
    sent: [option('collection', 'a\u0000b')],
    code: 'invalid_value',
    param: 'gateflow[collection]',
    message: /control character/,
  },
  {
    what: 'a collection that is no Unicode text',
    sent: [['gateflow', '{"collection":"\\ud800"}']],
    code: 'invalid_value',
    param: 'gateflow[collection]',
    message: /Expected 1 to 256/,
  },
  {
    what: 'one option twice',
    sent: [option('process', 'true'), option('process', 'true')],
    code: 'duplicate_parameter',
    param: 'gateflow[process]',
    message: /gateflow\[process\]/,
  },
  {
    what: 'one option of the object twice',
    sent: [['gateflow', '{"classification":"phi", "cl\\u0061ssification" :"public"}']],
    code: 'duplicate_parameter',
    param: 'gateflow',
    message: /'gateflow' has the key 'classification' more than once/,
  },
  {
    what: 'the object twice',
    sent: [whole({}), whole({})],
    code: 'duplicate_parameter',
    param: 'gateflow',
    message: /gateflow/,
  },
  {
    what: 'the object beside a bracket field',
    sent: [whole({ process: true }), option('vectorize', 'true')],
    code: 'duplicate_parameter',
    param: 'gateflow',
    message: /gateflow/,
  },
  {
    what: 'what is no object',
    sent: [['gateflow', '[true]']],
    code: 'invalid_type',
    param: 'gateflow',
    message: /expected a JSON object, but got '\[true\]'/,
  },
  {
    what: 'what is no JSON',
    sent: [['gateflow', '{process: true}']],
    code: 'invalid_type',
    param: 'gateflow',
    message: /expected a JSON object, but got '\{process: true\}'/,
  },
]

for (const { what, sent, code, param, message } of refused) {
  t.test(`refused: ${what}`, async (t) => {
    const seen = refusalOf(() => parse(...sent))
    t.match(seen, { code, param, message })
    t.equal(gateflow.statusOf(seen.key), 400)
  })
}

function refusalOf(act: () => unknown): CustodyError {
  try {
    act()
  } catch (error) {
    if (error instanceof CustodyError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const goodValues: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(flags.map((name) => [name, ['true', 'False']])),
  collection: ['legal-docs', 'größe'],
  language: ['en', 'pt-BR'],
  ocr_model: ['mistral-document-ai'],
  embedding_model: ['text-embedding-3-large'],
  chunk_size: ['1', '1000'],
  chunk_overlap: ['0', '200', '-0'],
  classification: ['phi', 'public'],
  compliance_regime: ['HIPAA'],
}
const good = fc.constantFrom(
  ...Object.entries(goodValues).flatMap(([name, values]) =>
    values.map((value) => option(name, value)),
  ),
)
const name = fc.constantFrom(...Object.keys(goodValues), 'other')
const text = fc.oneof(
  fc.constantFrom('true', '1e9', 'phi', ''),
  fc.string({ unit: 'binary', maxLength: 300 }),
)
const anyPair: fc.Arbitrary<Pair> = fc.oneof(
  { arbitrary: good, weight: 4 },
  fc.tuple(name, text).map(([name, value]) => option(name, value)),
  fc
    .tuple(fc.string({ maxLength: 20 }), text)
    .map(([end, value]): Pair => [`gateflow[${end}`, value]),
  fc.oneof(text, fc.json()).map((json): Pair => ['gateflow', json]),
  fc.dictionary(name, fc.oneof(text, fc.jsonValue())).map(whole),
)

/** What becomes of options: taken as data of their types, refused with 400, or something else. */
function outcomeOf(pairs: readonly Pair[]): 'taken' | 'refused' | 'wrong' {
  try {
    const { options = {}, textOptions = {} } = parse(...pairs)
    const areTyped = Object.entries(options).every(([name, value]) => {
      if (flags.includes(name)) return typeof value === 'boolean'
      if (name.startsWith('chunk_')) return Number.isInteger(value)
      return typeof value === 'string' && name !== 'collection'
    })
    const areTexts = Object.keys(textOptions).every((name) => name === 'collection')
    return areTyped && areTexts ? 'taken' : 'wrong'
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error
    const names = `${error.param}`.startsWith('gateflow')
    return names && gateflow.statusOf(error.key) === 400 ? 'refused' : 'wrong'
  }
}

t.test('whatever options say, they are data of their types or refused', async (t) => {
  const seen = { taken: 0, refused: 0, wrong: 0 }
  fc.assert(
    fc.property(fc.array(anyPair, { minLength: 1, maxLength: 4 }), (pairs) => {
      const outcome = outcomeOf(pairs)
      seen[outcome] += 1
      return outcome !== 'wrong'
    }),
    { numRuns: 2_000 },
  )
  t.ok(seen.taken > 50 && seen.refused > 50, `both were seen: ${JSON.stringify(seen)}`)
})
