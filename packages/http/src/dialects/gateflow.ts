import { CustodyError } from '@custody/domain/errors'
import type { FileView, ListQuery } from '@custody/service'
import { parseListQuery } from '../fields/query/list-query.ts'
import { singleParameter } from '../fields/query/single-parameter.ts'
import { optionFields } from '../fields/upload/option-fields.ts'
import { flag, freeText, integer, oneOf, token } from '../fields/upload/option-kinds.ts'
import type { Dialect, Presented } from './dialect.ts'
import { openai } from './openai.ts'
import { listObject } from './shapes/list-object.ts'

const MiB = 2 ** 20

/** Largest file in MiB by extension. */
const documents = { '.pdf': 50, '.docx': 50, '.doc': 50, '.csv': 50, '.xlsx': 50 }
const texts = { '.txt': 10, '.md': 10, '.html': 10 }
const audio = { '.mp3': 25, '.mp4': 25, '.m4a': 25, '.wav': 25, '.webm': 25 }
const images = { '.png': 20, '.jpg': 20, '.jpeg': 20, '.gif': 20, '.webp': 20 }
const types = { ...documents, ...texts, ...audio, ...images }

const classification = oneOf(['public', 'internal', 'confidential', 'restricted', 'phi'])
const complianceRegime = token(
  /^[a-z0-9_-]{1,64}$/i,
  "1 to 64 letters, digits, '-' and '_', such as 'hipaa'",
)
const modelName = token(
  /^[a-z0-9][a-z0-9._:/@-]{0,127}$/i,
  "the name of a model: 1 to 128 letters, digits and any of '._:/@-', the first a letter or digit",
)

const extensionFields = optionFields('gateflow', {
  process: flag,
  vectorize: flag,
  detect_pii: flag,
  auto_transcribe: flag,
  speaker_diarization: flag,
  collection: freeText(256),
  language: token(
    /^(?=.{2,35}$)[a-z]{2,8}(-[a-z0-9]{1,8})*$/i,
    "a language tag of BCP 47, such as 'en' or 'pt-BR'",
  ),
  ocr_model: modelName,
  embedding_model: modelName,
  chunk_size: integer({ min: 1, max: 100_000 }),
  chunk_overlap: integer({ min: 0, max: 99_999 }),
  classification,
  compliance_regime: complianceRegime,
})

const parseUpload: Dialect['parseUpload'] = (fields) => {
  const upload = openai.parseUpload(fields)
  const { collection, classification, compliance_regime, ...options } =
    extensionFields.parse(fields)
  checkChunks(options.chunk_size, options.chunk_overlap)
  return {
    ...upload,
    ...(classification === undefined ? undefined : { classification }),
    ...(compliance_regime === undefined
      ? undefined
      : { complianceRegime: compliance_regime.toLowerCase() }),
    ...(Object.keys(options).length === 0 ? undefined : { options }),
    ...(collection === undefined ? undefined : { textOptions: { collection } }),
  }
}

/** Chunks that overlap by their whole length would never come to an end. */
function checkChunks(size: number | undefined, overlap: number | undefined): void {
  if (size === undefined || overlap === undefined || overlap < size) return
  const param = 'gateflow[chunk_overlap]'
  throw new CustodyError(
    'invalid_value',
    `Invalid value for '${param}': '${overlap}'. Expected less than 'gateflow[chunk_size]', which is ${size}.`,
    { param },
  )
}

/** A value that no file can have is refused: a slip would look like an empty list. */
function parseList(query: URLSearchParams): ListQuery {
  const ofClass = singleParameter(query, 'classification')
  const ofRegime = singleParameter(query, 'compliance_regime')
  return {
    ...parseListQuery(query, openai),
    ...(ofClass === undefined
      ? undefined
      : { classification: classification.fromText(ofClass, 'classification') }),
    ...(ofRegime === undefined
      ? undefined
      : {
          complianceRegime: complianceRegime
            .fromText(ofRegime, 'compliance_regime')
            .toLowerCase(),
        }),
  }
}

/** Nothing processes files yet: what was asked for is recorded with the file. */
function presentFile(file: FileView): Presented {
  return {
    ...openai.presentFile(file),
    gateflow: {
      processing: false,
      process_id: null,
      ...(file.classification === null
        ? undefined
        : { classification: file.classification }),
      ...(file.complianceRegime === null
        ? undefined
        : { compliance_regime: file.complianceRegime }),
    },
  }
}

/**
 * GateFlow: documents and audio, told by extension and content, with a size for each purpose and each type;
 * options for their processing; classification and compliance regime, by which lists can be filtered.
 */
export const gateflow: Dialect = {
  ...openai,
  name: 'gateflow',
  uploads: {
    dialect: 'gateflow',
    maxFileBytes: openai.uploads.maxFileBytes,
    purposes: {
      assistants: { maxBytes: 512 * MiB, extensions: Object.keys(types) },
      'fine-tune': { maxBytes: 1024 * MiB },
      batch: { maxBytes: 100 * MiB },
      document: { maxBytes: 50 * MiB },
      audio: { maxBytes: 25 * MiB },
    },
    onlyPurposes: ['assistants', 'fine-tune', 'batch'],
    openOutputPurposes: [],
    extensions: Object.fromEntries(
      Object.entries(types).map(([extension, mebibytes]) => [
        extension,
        { maxBytes: mebibytes * MiB },
      ]),
    ),
    // Batches and training data are JSON lines, though no table of its document names them
    knownExtensions: [...Object.keys(types), '.jsonl'],
  },
  takesField: (name) => openai.takesField(name) || extensionFields.takes(name),
  parseUpload,
  parseList,
  presentFile,
  presentUpload: presentFile,
  presentList: (page) => listObject(page, presentFile),
}
