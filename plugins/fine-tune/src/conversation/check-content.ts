import { addTypeIssue } from '../add-type-issue.ts'
import { isJsonObject, type JsonObject, typeWithArticle } from '../json-object.ts'
import { quote } from '../quote.ts'
import { addIssue, isHopeless, type Report, type Role } from '../report.ts'
import { checkImageUrl } from './check-image-url.ts'
import type { Conversation } from './conversation.ts'

/** `content`: a text, or an array of parts. A tool may answer with an empty text. */
export function checkContent(
  report: Report,
  conversation: Conversation,
  message: JsonObject,
  role: Role,
  at: string,
): void {
  const { content } = message
  if (typeof content === 'string') {
    if (content !== '' || role === 'tool' || role === 'function') return
    addIssue(report, 'missing_content', 'The content is empty.', `${at}.content`)
  } else if (content === undefined) {
    const text = "The message has no 'content'."
    addIssue(report, 'message_missing_key', text, `${at}.content`)
  } else if (Array.isArray(content) && content.length > 0) {
    for (let n = 0; n < content.length && !isHopeless(report); n += 1) {
      checkPart(report, conversation, content[n], role, `${at}.content[${n}]`)
    }
  } else if (content !== null || role !== 'function') {
    const got = Array.isArray(content) ? 'an empty array' : typeWithArticle(content)
    const text = `Invalid content: expected a string or an array of objects, but got ${got} instead.`
    addIssue(report, 'missing_content', text, `${at}.content`)
  }
}

function checkPart(
  report: Report,
  conversation: Conversation,
  part: unknown,
  role: Role,
  at: string,
): void {
  if (!isJsonObject(part)) {
    addTypeIssue(report, at, 'an object', part)
    return
  }
  const { type } = part
  if (type === 'text') {
    if (typeof part.text !== 'string') {
      addTypeIssue(report, `${at}.text`, 'a string', part.text)
    }
  } else if (type === 'image_url') {
    conversation.images += 1
    checkImage(report, part.image_url, role, at)
  } else if (type === 'refusal' && role === 'assistant') {
    if (typeof part.refusal !== 'string') {
      addTypeIssue(report, `${at}.refusal`, 'a string', part.refusal)
    }
  } else if (typeof type === 'string') {
    const text = `Content of type ${quote(type)} cannot be in a message of role '${role}'. Supported are 'text', and 'image_url' in user messages.`
    addIssue(report, 'unsupported_content_part', text, `${at}.type`)
  } else {
    addTypeIssue(report, `${at}.type`, 'a string', type)
  }
}

function checkImage(report: Report, image: unknown, role: Role, at: string): void {
  if (role !== 'user') {
    const text = `Images are for user messages only; this one has the role '${role}'.`
    addIssue(report, 'image_not_allowed', text, at)
  } else if (!isJsonObject(image)) {
    addTypeIssue(report, `${at}.image_url`, 'an object', image)
  } else if (typeof image.url !== 'string') {
    addTypeIssue(report, `${at}.image_url.url`, 'a string', image.url)
  } else {
    checkImageUrl(report, image.url, `${at}.image_url.url`)
  }
}
