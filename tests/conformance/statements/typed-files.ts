import { inflateRawSync } from 'node:zlib'
import { pdf, png } from './samples.ts'

const inflated = (base64: string) => inflateRawSync(Buffer.from(base64, 'base64'))

/** Small files by extension, each of the type that its extension says. */
export const typedFiles = {
  '.pdf': pdf,
  // A document of one word
  '.docx': inflated(
    'C/BmZhFhYGDgYACB9SKnzG4xMDD4MDIwCDMwMEQ75+eVpOaVxIdUFqQWx+pV5ObUTtjtd8RAwLV636' +
      'GibiF2rpaAOboVUxw21hw4MS9F943k6Xm89/a7J14UE7lS/m7mYut3UV1ZR4OYJ181/7tAdFKyfMbG' +
      'X8n/L93NDmU94ZzitNo/4mveLqnvy3tCt4qsjKoVOMl/LKT8AMvW5z1XgubsVJlwqzjSh+07J/es24' +
      'k7jPs8JyyZ3Ltw+UfOdAu3wPO+E84p6bqulTtfflt7teJzCRmPBKPorGUfc48GNbl/5XONU1x49Vl3' +
      't/m8u4aKnv/t01T/H9/6uJKPT/9v7zRu6zWmFyYl1XsKsez699XAPtnnfgBKUCRW6zt3MTAwfGJgYO' +
      'BmYGCIL0rNKdbXA5G95w35mBQFWC+snmB54FxWYmLDqbTozeIKBrsFGhUbCvfu7T2apZNTX3fv/PTw' +
      'rmXs5862XzoyLSmPq+b9054ba5an3DrQ+mnao0OmM++xrdMWS85PU7Xpe8z5+h6D7vdlM+Y0We1k7v' +
      'gZ+UJ+9nTViF0b9qqf+nv8SDjzkZxXXrEHm1c7f+9r13V10P34eFEdI6qTWS9+4SxmYGCYzsDAIMjA' +
      'wFCeX5Sin5KfXJqbmlcCijvXc4Z8hwx4WC+sXiC3YJ2ExKIJM7NbjmyZ+shiU29QXn8Q27Tv/z+0v9' +
      '99es69lqt67FNXrbu//OwaSwZf6aArM6WvNZ/qbl308swmp/STvhYLX8WFaxXETpMOuPNapKbc/9z8' +
      'ibkKzNz8Oq22PVZTLpf9mn34v9cPpgBvRiYRBtwpDBVgSW/oBqDHCwJwM6LEErpG9NBBgH2MWMIqwJ' +
      'uVDSTJzMDMsJOBgSGBCcQDAA==',
  ),
  // A compound file with a stream `WordDocument`
  '.doc': inflated(
    '7dQ7bsJAEMbxv807vBsKKq6QC6QKNShCSs3DDQIsIVNwnBQcgJOQI0DPFWCRN0tkpbLTWfp+0sqrtU' +
      'az2tmd71P3/HXsX/jjjQJ3U6OcWPPcsDpwN8bE0+c3ZiRXbsaYuH4FoAiUwNa8AlSBmqtvHWgATaAF' +
      'tH+uAF33X/Lpg5CQiAFDNkRs2ZNFj9Lvm/dSxiT7xSchWxa8EzJnx5rA7iOtPr7N77vekybGd/0r9s' +
      'qEKTNWBPxHy+V/ShPzksg/YsaSgDkRY1uLVcbz9zLnT57/9YCIiIiIiIiIiIiIiIiIiIjk3AM=',
  ),
  '.txt': Buffer.from('Hello\n'),
  '.md': Buffer.from('# Hello\n'),
  '.html': Buffer.from('<!doctype html><title>Hello</title>\n'),
  '.csv': Buffer.from('name,year\nacme,2026\n'),
  // A workbook with one empty sheet
  '.xlsx': inflated(
    'C/BmZhFhYGDgYAABR4XFrXcZGBhcGBkYhBkYGKKd8/NKUvNK4kMqC1KLY/UqcnNqJ2z0O2Ig4FK971' +
      'BRdxI7V0vAJG0+jcZHPxqO3lQJexN7+h73vv3u5e6ujqZHe+71LLt9VeJK286KZXH3Z4ZpqxxfvHzn' +
      '9fnt158FrlZyUGZRe/OVs/ser/ndh1M2rJBinhqnr/Ty5K1HYj0BPOpLpA4fsWwSOVy5jfMOl/Gt39' +
      'tqN/R5Tlgy0diZ/66xXwHPorhVCrHtVyS23Iovfr4qztnroLXA+ZTz62R3fect/qa8iv/EJzbB6tzs' +
      'DffnXNd/dvUP/82MP5u3PMz8xOdedrxDZdmSHoNprIFJBuKmgjZ3/327fZrzMH8ASmj8i24r6mJgYP' +
      'jAwMDAzcDAEF+UmlOsrwcie8878h1SEGh9uHqCpcPyXQWJC7TN786KY3gpMovJucFtz97bWTE76n/G' +
      '1VWqr399auMOU9GLTf2ujatNYwW7C0VKXloE5hzUn9O8bunjHMPMzZneFe9+cz9bzNhsMytpjuiTQr' +
      'vGGXGd/zZWRoY5m5tVL4ioj6nRdfCxil7FNeu4+vO3B/eU6lYccHzk/uADG6qTL91J+ZLNwMDQzsDA' +
      'wM/AwFCRo1+eX5SdlJ+fDYo8015HLiZDHob9QZ8azr462Lxlb/Un3ou9Yds8vYIL5uvrvMtMkJjxY+' +
      's+uzPXNniG+gccywh3qRcT+3RS6rXa19TYjB8pf3vvWV1+1FrpcfSzTXzAi8UTHr/7c36BypwH63gS' +
      'xberHuQ0cLexsnn2kz3Am5FJhAF30kIFWBIaugHosYEAfIwocYOuET1MEOAgI0YIBXizsoGkmBmYGb' +
      'YzMDBEMoF4AA==',
  ),
  // Three frames of 128 kbit/s
  '.mp3': inflated('+/97AsMoGMTg/2gEjUbQKKAAAAA='),
  // One track of sound
  '.mp4': inflated(
    'Y2BgkEgrqSzwNXFUYGBgYADRmcX5uQwMjKm5+fllDAwMObllGSkM9AEfS4oSsxkYGGJKssF2siPJMU' +
      'JpLgrt6M1NyUxkYGBQyE1B99caFwa2XSugHMWMlJwimExxfmkeukEuuZl5aQwMDDbFJUk5DAwMJsUl' +
      'xSlIjlXJLTBJRHM8AwMTgwDUKpDwn9yUxBKGUTDiAAA=',
  ),
  // 100 samples of silence
  '.wav': inflated('C/J0c3vDwMAQ7hjmmpZboiDAwMDAyMDI4CDPwNBgx8DAxCDAkJJYkniCYfgAAA=='),
  // One track of Opus
  '.webm': inflated(
    'k3K9v1iAgYHLqUmAgYGlPDUpVyK4IV2AgbFH1HNlmgADA59LpwADA4fD9AIGEBALWZctwMBgsk6AgU' +
      'H/ugADAyNTM5hsE2BgYHOM9w8IDX4owMAgvBWs6zlE13ywEnnnbaUCDIxGz0E8hlFAPAAA',
  ),
  '.png': png,
  '.jpg': inflated('+3/j/wMGAS83TzcGSgEA'),
  '.gif': inflated('c/d0s7BMZGRgZGBgYLAGAA=='),
  '.webp': inflated('C/J0c5NiYGAId3UKCAuwUOBjQAcA'),
} as const

/** The same containers with a track of pictures beside the sound. */
export const videos = {
  '.mp4': inflated(
    'Y2BgkEgrqSzILM7PZWBgYADREDZTR25+fhkDA0NObllGCgN9wMeSosRsBgaGmJJssJ3sSHKMUJqLQj' +
      't6c1MyExkYGBRyU9D9tcaFgW3XCihHMSMlpwgmU5xfmodukEtuZl4aAwODTXFJUg4DA4NJcUlxCpJj' +
      'VXILTBLRHM/AwMQgALUKJKxMBw/vJ8fDZZkpqegGlUE9nAf1cBqah8MSy5INqZ0kGP/kpiSWMIyCEQ' +
      'cA',
  ),
  '.webm': inflated(
    'k3K9v1iAgYHLqUmAgYGlPDUpVyK4IV2AgXG5qOfKNAEGBj6XTgEGBg6H6QUMICAWsi5bgIHBf50AA4' +
      'P+dQEGBkamZjDZJsDAwOYY7x8QGvxQgIFBeCtY13OIrvlgJSA9YmA9jGA9jCA9rGHxYQEW8s7bSgUY' +
      'GI2eg8QZRgHxAAA=',
  ),
} as const
