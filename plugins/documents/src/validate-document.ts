import {
  accept,
  type Issue,
  type PluginFile,
  reject,
  type Validate,
  type Verdict,
} from '@custody/plugin-api'
import { DocumentFault } from './document-fault.ts'
import { FileReader } from './file-reader.ts'
import type { FileType } from './file-types.ts'
import { inspectSignature } from './inspect-signature.ts'
import type { IssueCode } from './issue-codes.ts'
import { inspectDoc } from './office/inspect-doc.ts'
import { inspectOoxml } from './office/inspect-ooxml.ts'
import { inspectPdf } from './pdf/inspect-pdf.ts'
import { quote } from './quote.ts'
import { probeText } from './text/probe-text.ts'

type Types = Readonly<Record<string, FileType>>
type Findings = Record<string, string | number | boolean>
type Warning = Issue & { readonly code: IssueCode }

/** Takes files of these types whose content is what their extension says. */
export function validatorOf(types: Types): Validate {
  return (file) => validateDocument(file, types)
}

async function validateDocument(file: PluginFile, types: Types): Promise<Verdict> {
  const type = Object.hasOwn(types, file.extension) ? types[file.extension] : undefined
  if (type === undefined) {
    const known = Object.keys(types).join(', ')
    return reject({
      code: 'unsupported_media_type',
      message: `Unsupported file type: the name ends in ${quote(file.extension)}. Must be ${known}.`,
    })
  }
  try {
    const { findings, warnings } = await inspect(file, type)
    return accept({ media_type: type.mediaType, ...findings }, warnings)
  } catch (error) {
    if (!(error instanceof DocumentFault)) throw error
    return reject({ code: error.code, message: error.message })
  }
}

/** @throws DocumentFault */
async function inspect(
  file: PluginFile,
  { inspection }: FileType,
): Promise<{ findings: Findings; warnings: readonly Warning[] }> {
  const reader = new FileReader(file)
  switch (inspection) {
    case 'pdf': {
      const { repaired, ...findings } = await inspectPdf(reader, file.extension)
      return { findings, warnings: repaired === undefined ? [] : [repairedPdf(repaired)] }
    }
    case 'ooxml':
      return { findings: await inspectOoxml(reader, file.extension), warnings: [] }
    case 'doc':
      return { findings: await inspectDoc(reader, file.extension), warnings: [] }
    case 'text': {
      const encoding = await probeText(file, reader)
      const isUnicode = encoding.startsWith('utf-')
      return { findings: { encoding }, warnings: isUnicode ? [] : [notUnicode(encoding)] }
    }
    case 'signature':
      await inspectSignature(reader, file.extension)
      return { findings: {}, warnings: [] }
  }
}

function repairedPdf(why: string): Warning {
  const message = `The cross-references of the PDF are damaged (${why}); its pages were found by a search.`
  return { code: 'pdf_repaired', message }
}

function notUnicode(encoding: string): Warning {
  const message = `The text is not UTF-8; it was taken for ${encoding}. Whoever reads it may see other characters.`
  return { code: 'text_not_unicode', message }
}
