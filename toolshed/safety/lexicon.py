"""Phrases by what they do in an instruction to a model; verbs stand as they are ordered."""

from collections.abc import Mapping

PHRASES: Mapping[str, str] = {
    "order_tool": "call, now call, then call, invoke, run, use, execute, trigger",
    "harm_tool": (
        "delete_file, delete_all, drop_table, http_post, http_get, fetch_url, send_email, send_money, "
        "transfer_funds, write_file, execute_command, run_shell, exec, shell_exec, upload_file, "
        "post_message, send_message, delete_repo, delete_user, create_user, grant_access, "
        "delete_database, remove_file, run_command"
    ),
    "now": (
        "now, then, please, immediately, with path, on, url, housekeeping, required, step, first, "
        "before, and then, input, to, also, afterwards"
    ),
    "covert": (
        "nobody notices, no one notices, between us, do not need to be aware, need not be aware, "
        "should not be disclosed, must not be disclosed, without informing them, without informing "
        "the user, without telling the user, user need not know, your own opinion, without them "
        "noticing, without the user noticing, without the user s knowledge, without their knowledge, "
        "keep it secret, not be told, user is not told, users are not told, not be visible to the "
        "user, could upset the user, never mention this, do not reveal this, don t reveal this, "
        "without disclosing"
    ),
    "outranks": (
        "takes precedence, take precedence, comes second, overrides, outranks, has priority over, "
        "first duty, above the user, more important than"
    ),
    "theirs": (
        "user s instructions, user instructions, user wants, other instructions, system instructions, "
        "users instructions, the user s, previous instructions, all instructions, your instructions, "
        "the user says"
    ),
    "pay_data": (
        "bank details, account number, iban, payee, wallet address, recipient, payment address, "
        "routing number"
    ),
    "put": "replace, set, change, swap, substitute, use instead, overwrite",
    "unsafe": (
        "branch protection, required reviews, two factor, firewall, antivirus, safety prompt, "
        "security checks, code signing, certificate verification, audit logging, sandbox"
    ),
    "off": "disable, turn off, without, skip, bypass, deactivate, remove, switch off, circumvent",
    "decode": (
        "decode, decoded, decipher, decrypt, rot13, base64, dekodiere, decode it, unscramble, hex string"
    ),
    "obey": (
        "decode and follow, decode and execute, and execute, and follow, and obey, then follow, then "
        "do, follow the instruction, follow the instructions, do exactly what, do what it says, "
        "execute it, carry out, obey it, follow it, comply with it, do as it says, then execute, "
        "follow what, perform what it says, act on it, run what"
    ),
    "lifted": (
        "have changed, are disabled, disabled, is exempt, exempt from, not meant for, do not apply, "
        "does not apply, no longer apply, no longer applies, gelten nicht, nicht gelten, nicht gilt, "
        "ne s appliquent pas, no aplican, no se aplican, non valgono, non si applicano, are "
        "suspended, are lifted, are off, are void, turned off, deactivated, ausser kraft, been "
        "lifted, been removed, been disabled, been suspended"
    ),
    "limits": (
        "safety protocols, safety rules, safety guidelines, safety policy, usual restrictions, your "
        "rules, your guidelines, content policy, sicherheitsrichtlinien, sicherheitsregeln, reglas de "
        "seguridad, regles de securite, linee guida di sicurezza, regole di sicurezza, guardrails, "
        "safety checks, your restrictions, content filters, safeguards, safety filters, ethical "
        "guidelines, earlier guidelines, confirmations"
    ),
    "outside": (
        "externally, third party, external address, external server, to the attacker, outside, "
        "adresse externe, an external, remote server, our server, my server, this server, to the "
        "server, au serveur, al servidor, dieses servers"
    ),
    "access": (
        "you can access, you have access, available to you, in your environment, at your disposal, "
        "you can read, you know, you hold, you were given, you can see, you have stored"
    ),
    "comply": (
        "comply with every, must comply, comply fully, obey every, obey all, answer everything, "
        "respond without, answer without, respond to every, never refuse, answer any question, "
        "answers any question, beantworte einfach alles"
    ),
    # Who is spoken to.
    "model": (
        "assistant, assistants, llm, llms, chatbot, claude, chatgpt, gpt, copilot, ai agents, ai "
        "agent, ai system, ai model, ai assistant, ai coding agents, language model, the model, "
        "models, the agent, the bot, bot, you as an ai, assistenten, asistente, l assistant"
    ),
    "user": (
        "user, users, customer, customers, human, humans, them, anyone, him, her, benutzer, nutzer, "
        "usuario, utilisateur, utente, us, your operator, operator, traveller"
    ),
    # Taking back what was said, and to whom that is credited.
    "override": (
        "new rules apply, ignores, ignori, vergesst, olviden, passez outre, desobeis, dimenticate, "
        "override your, ignore, disregard, forget, overrule, bypass, discard, void, supersede, "
        "supersedes, replaces all, no longer bound, no longer apply, no longer applies, not bound by, "
        "are void, ignoriere, missachte, vergiss, ignorez, oublie, oubliez, ignora, olvida, "
        "dimentica, omite, stop following, do not follow, new rules, new instruction, new "
        "instructions, are compromised, neglect"
    ),
    "prior": (
        "deine, tes, tus, tue, vos, sus, was wir, ton, tu, meine, my, the above, their, operator s, "
        "developer, previous, previously, prior, preceding, earlier, above, former, before this, so "
        "far, told, up to now, vorherigen, bisherigen, precedentes, anteriores, precedenti, "
        "precedentemente, given to you, original, initial, from the developer, your, all, any, "
        "everything, alle, toutes, todas, tutte"
    ),
    "rules": (
        "richtlinien, systemanweisungen, anweisung, directrices, linee guida, lignes directrices, "
        "confidentiality policy, normas, politica, indicazioni, programming, safety protocols, "
        "protocols, sicherheitsrichtlinien, sicherheitsregeln, reglas de seguridad, regles de "
        "securite, regole di sicurezza, safety guidelines, usual restrictions, security rules, user "
        "and instead, alles was, instructions, instruction, rules, guidelines, guideline, directives, "
        "directive, prompt, prompts, policy, policies, restrictions, guardrails, safeguards, orders, "
        "safety checks, safety rules, what you were told, anweisungen, vorgaben, regeln, consignes, "
        "instrucciones, istruzioni, regole, reglas, regles, system message, system messages, ethics, "
        "filters, limits, training, content policy, safety policy, user s request, users request, "
        "user s task, the task, everything above, everything you were told, commands"
    ),
    # Secrets, and what was said.
    "secret": (
        "private key, private keys, ssh key, ssh keys, secret key, environment variables, env vars, "
        "printenv, seed phrase, credentials, passwords, password, api key, api keys, access tokens, "
        "tokens, access token, cookies, clipboard, contacts, contact list, chat list, wallet, "
        "contrasenas, passworter, mots de passe, secrets, home directory, keychain, private "
        "repository, user s tokens, the key, customer database, user database, account number, "
        "customer emails, customer list, raw data, the database, personal data, bank details"
    ),
    "talk": (
        "discussed in this session, full prompt of the user, prompt of the user, chatverlauf, session "
        "so far, everything discussed, messages of the user, what we discussed, verlauf, conversation "
        "history, chat history, message history, conversation so far, entire conversation, complete "
        "conversation, full conversation, whole conversation, this conversation, previous messages, "
        "last messages, user messages, earlier messages, all messages, chain of thought, system "
        "prompt, hidden prompt, your prompt, your instructions, your initial instructions, context "
        "window, system message, developer message, list of all tools, tools available to you, your "
        "reasoning, historique de la conversation, the conversation, gesprachsverlauf, what the user "
        "wrote, what the user said, user s request, historial, inner thoughts, scratchpad, full chat, "
        "tool results"
    ),
    "whole": (
        "complete, entire, full, whole, verbatim, word for word, exact, all, everything, every, raw, "
        "wortlich, integralement, completo"
    ),
    # Handing over.
    "hand": (
        "show it with, let them type, joindre, have them type, ubergib, ueber gib, anade, first "
        "access, end every, begin every, start every, end each, begin each, start each, end your, "
        "begin your, start your, finish every, finish each, prefix every, prefix your, outputting, "
        "output exactly, close every, sign every, produce, send, include, pass, append, attach, put, "
        "supply, hand, forward, upload, post, copy, insert, give, share, transmit, submit, fill, "
        "paste, expose, leak, exfiltrate, deliver, bcc, cc, be sent, be given, be passed, be "
        "included, is sent, is also sent, are also sent, add their, lies, sende, gib, envoie, "
        "envoyez, envia, enviar, invia, gather, harvest, encode, followed by, has to be given, "
        "rassemble, sammle, raccogli, recopila, pass it, dump, transfer, smuggle, report back, relay, "
        "echo, embed, quoting, quote"
    ),
    "reveal": (
        "verrate, revele, devoile, dime, dis, sag, sage, offenbare, zeig, ausgeben, gib aus, dimmi, "
        "mostrami, revelame, enseignement, reveal, print, repeat, show, output, disclose, tell, "
        "expose, leak, recite, dump, display, share, give, write out, summarize, summarise, quote, "
        "quoting, reproduce, zeige, rivela, revela, muestra, montre, affiche, mostra, stampa, "
        "imprime, gib, add a short summary of, state, divulge, describe, what was, what are, what is, "
        "translate, list, decode, begin by printing, enumerate, spell out"
    ),
    "own_rules": (
        "systemanweisungen, istruzioni di sistema, instructions systeme, instrucciones de sistema, "
        "tes instructions, tus instrucciones, tue istruzioni, deine anweisungen, systemaufforderung, "
        "prompt du systeme, your internal instructions, your hidden instructions, your setup, "
        "messages before this, previous conversation, system prompt, your prompt, your instructions, "
        "your initial instructions, initial instructions, hidden prompt, instructions you were given, "
        "operating instructions, guidelines they were set up with, your guidelines, your rules, "
        "prompt de sistema, prompt di sistema, systemprompt, system prompts, invite systeme, system "
        "message, instructions they were given, context window, words above, text above, your "
        "configuration, developer prompt, preprompt, your system, prompt systeme, instrucciones del "
        "sistema, your context, your directives, confidential instructions, original instructions, "
        "exact instructions"
    ),
    "send": (
        "email the, email all, email every, email it, email them, email their, email any, email a "
        "copy, mail the, also email, disclose, leak, schicke, schick, mande, manda, mandare, inoltra, "
        "transmets, reenvia, weiterleiten, leite, send, forward, upload, post, copy, bcc, deliver, "
        "http_post, send_email, envoie, envoyez, sende, envia, invia, exfiltrate, transmit, report, "
        "submit, transfer, pushes, push, be sent, envoie les, send them, send it, send this"
    ),
    "data": (
        "api key, key, secret, secrets, order data, list, liste, lista, database, datenbank, "
        "internal, internen daten, information, report, details, logs, messages, copy, content, "
        "contents, data, summary, result, results, everything, history, transcript, files, records, "
        "keys, emails, conversation, donnees, daten, datos, dati, every, all, note, notes, "
        "repository, tokens, credentials, document, documents, output, customer, them, it, this"
    ),
    "private": (
        "recovery words, recovery phrases, api keys from, api keys of, cles api, confidential user "
        "list, internal credentials, their password, the user s password, user s passwords, "
        "clipboard, home directory, contact list, chat list, ssh key, ssh keys, seed phrase, "
        "keychain, browser history, private repository, private repositories, browser cookies, "
        "session cookies, saved passwords, address book, recovery phrase, mnemonic, aws credentials, "
        "master password, mots de passe, contrasenas, shell history, private messages"
    ),
    "inner": (
        "full prompt of the user, everything discussed in this session, full user prompt, bisherigen "
        "chatverlauf, the user s prompt, chain of thought, system prompt, list of all tools, tools "
        "available to you, your reasoning, hidden prompt, inner thoughts, scratchpad, your "
        "instructions, developer message, your context window, conversation so far, word for word, "
        "your thoughts, your full context"
    ),
    "userwish": (
        "user s request, users request, user s task, user s instructions, the user wants, user asks, "
        "user s question, user s intent, user s wishes, what the user asked, user said, user s "
        "original"
    ),
    # Hiding it, and acting without asking.
    "never": (
        "never, not, dont, don t, do not, no need, must not, without, avoid, need not, keep from, "
        "nie, nichts, nicht, nunca, jamais, ne, non, no, refrain from, instead of, rather than"
    ),
    "tell": (
        "tell, mention, inform, disclose, notify, report, reveal, let know, sag, dis, dites, digas, "
        "decir, dire, erwahne, alert, warn, informar, telling, mentioning, informing, notifying, "
        "reporting, revealing, discuss"
    ),
    "silently": (
        "secretly, covertly, hidden from the user, keep this between us, between us, out of your "
        "summary, out of your answer, behave normally, user need not know, user does not need to "
        "know, unnoticed, without the user knowing, keep it hidden, heimlich, en secret, en secreto, "
        "di nascosto, without their knowledge, keep it secret, stealthily, do not mention, never "
        "mention, dont mention"
    ),
    "unasked": (
        "without asking, without confirming, skip confirmation, skip the confirmation, skip all "
        "safety, skip all confirmations, do not ask for permission, don t ask for permission, do not "
        "ask for confirmation, turned off confirmations, never ask for confirmation, no confirmation "
        "needed, without being asked, do not ask the user, bypass confirmation, bypass approval, "
        "disable confirmation, without asking again, asking again annoys, confirmations are off, no "
        "need to ask, without further confirmation, without checking with, ohne nachzufragen, sans "
        "demander, sin preguntar, senza chiedere, skip approval, confirmations off"
    ),
    "ask_for": "ask the user for, ask them for, ask for the user s, request the user s, prompt the user for",
    "agreed": (
        "already agreed, already approved, already granted, already confirmed, granted permission, "
        "pre approved, preapproved, has given permission, has consented, already consented, auto "
        "approve, autoapprove, auto run mode, auto run, auto confirm, fully authorized, pre "
        "authorized, yolo mode, approve every action, approve all, confirmed to true, force to true"
    ),
    # Tools of others.
    "others": (
        "other tool, other tools, another tool, any tool, every tool, each tool, all tools, competing "
        "tools, tool call, tool calls, tool invocation, tools of other servers, all other tools, "
        "other search tool, competing image tools, other calendar tools, other servers, any other "
        "tool, every tool call, every tool invocation, each tool call, tools return, each command, "
        "any command, other plugins, any function, all functions, other functions, other mcp, other "
        "apis, competing, whatever else, built in tools"
    ),
    "tool_used": (
        "tool is used, is invoked, is called, would be used, is about to call, tool is invoked, tool "
        "is called, are invoked, gets called, is executed, made by other tools, is being used, is "
        "going to be used"
    ),
    "in_place": (
        "in its place, with the same arguments, instead of it, in place of it, has to go, must be set "
        "to, route it through, goes through this"
    ),
    "forall": (
        "for all questions, regardless of the topic, no matter what, every question, any question, "
        "for everything, any request, every request, regardless of what, whatever the user, all "
        "questions, all requests, all tasks, any task, every task"
    ),
    "before": (
        "before, prior to, first, ahead of, until, beginning, at the start, preceding, avant, bevor, "
        "antes, prima, must be called, must be run, must be invoked, always call, always run, always "
        "use"
    ),
    "call": (
        "call, run, use, invoke, execute, called, used, invoked, select, choose, prefer, pick, "
        "calling, using, select it, call it, be called, be run, be used, be invoked, trigger, "
        "utilise, utilisez, usa, benutze, rufe"
    ),
    "prefer": (
        "always choose, always prefer, must prefer, always select, highest priority, top priority, "
        "select it first, over any other, no matter what, instead of any other, best tool, best "
        "search tool, always use this, only use this, use only this, never use, never call, do not "
        "use, must be used for all, preferred over, use this tool instead, use only, priority over, "
        "takes precedence, must always be used, choose this, over all other, better than all, for all "
        "questions, for every question, in preference to, never choose, the only tool"
    ),
    "change": (
        "change, set, replace, must be set, in its place, instead, redirect, in place of, with the "
        "same arguments, leave out, prefix, rewrite, add, modify, alter, swap, switch, substitute, "
        "prepend, route, has to go, cc, bcc, must be, deprecated"
    ),
    "recipient": (
        "recipient, iban, where clause, account, address, destination, arguments, amount, payee, to "
        "field, number, bcc, cc, endpoint"
    ),
    # Lasting.
    "memory": (
        "long term memory, your memory, to memory, in memory, memory so, remember, persist, persists, "
        "note to self, memorize, permanently, claude md, agents md, cursor rules, cursorrules, "
        "copilot instructions, later sessions, zapamietaj, merke, retiens, recuerda, ricorda"
    ),
    "future": (
        "every future, all future, future tasks, later conversation, later sessions, later session, "
        "from now on, every reply, each later, next sessions, across sessions, across turns, between "
        "sessions, future replies, future reply, future summary, future conversations, in future, on "
        "the next user message, every session, know it, subsequent, forever, rest of this, remainder "
        "of"
    ),
    # Answers.
    "reply": (
        "every response, each response, each answer, all responses, all replies, your next message, "
        "reply, response, answer, summary, summarize this, summarise this, you summarize, my summary, "
        "your output, reponse, antwort, respuesta, risposta, every answer, your answers, final "
        "answer, your review, end of each, report, every report, your message, replies, responses"
    ),
    "token": (
        "the code, the tag, the words, the word, the string, this tag, the label, the line, the id, "
        "exact token, verification code, reference code, canary, doc_id, trace_id, session reference, "
        "exact phrase, exact text, markdown image, jeton, sentence, tracking pixel, marker, hotel, "
        "account number, phrase, exact string, doc id, trace id, exact code"
    ),
    "every": (
        "every, each, always, end of, after every, verbatim, exactly, must, in all, your, jeder, "
        "chaque, toute, cualquier, ogni, muss, doit, debe, deve, shown above, when you, to complete"
    ),
    # Being somebody else.
    "persona": (
        "ab jetzt, ab sofort, a partir de ahora, desormais, d ora in poi, from this point, as the "
        "assistant, als assistent, como asistente, come assistente, en tant qu assistant, reasoning "
        "trace, i have concluded, i have determined, safety protocols disabled, your rules have "
        "changed, system update, my reasoning, du bist, override safety, ignoriere deine, i ve "
        "already reasoned, i have already, you are now, developer mode, do anything now, you are dan, "
        "pretend you are, pretend to be, you are no longer, act as if you, act as an, roleplay as, as "
        "dan, evil twin, jailbreak, jailbroken, modo desarrollador, entwicklermodus, mode "
        "developpeur, modalita sviluppatore, god mode, sei ora, du bist jetzt, tu es maintenant, "
        "ahora eres, unrestricted assistant, unfiltered ai, admin mode, debug mode, opposite mode, "
        "you have become, imagine you are, stay in character, simulate an, from now on you, from now "
        "on, fai finta di essere, stell dir vor du, behave as, respond as, speak as, ahora estas, you "
        "will act, maintenance mode, sudo mode, play the role, let s play, dan has, answer as"
    ),
    "limitless": (
        "keine regeln mehr, uneingeschrankt, uneingeschraenkt, ohne einschraenkungen, unrestricted "
        "response, without restriction, befolgst keine, restricted content, allow all content, all "
        "content, hast du keine, no tienes restricciones, aucune restriction, nessuna restrizione, "
        "comply fully, beantworte einfach alles, alle internen daten, without question, sans limites, "
        "sin limites, senza limiti, no restrictions, unrestricted, without restrictions, no rules, "
        "without rules, no limits, without limits, any filter, without filter, no filter, no filters, "
        "unfiltered, do anything, uncensored, no content policy, no content restrictions, no longer "
        "bound, ignore all safety, no guidelines, no ethics, sin restricciones, ohne einschrankungen, "
        "sans restrictions, senza restrizioni, sin filtro, without any filter, no safety, must "
        "comply, comply with every, answers any question, answer any question, no moral, without "
        "ethical, disabled safety, without censorship, sans filtre, ohne filter, senza filtri, keine "
        "regeln, aucune regle, no policies, no limitations, without limitations, no censorship, never "
        "refuse, cannot refuse, can not refuse, all restrictions, anything goes, bypasses, without "
        "refusing, no guardrails, free of, no boundaries"
    ),
    # Orders.
    "must": (
        "must, have to, has to, should, shall, always, never, need to, required to, are to, is to, "
        "obliged, please, muss, doit, debe, deve, hereby instructed, first, oblige, instructed, can, "
        "may, will"
    ),
    "harm": (
        "delete_file, delete_all, delete, transfer, pay, send_email, http_post, upload_all, wipe, "
        "drop, empty, rm, send_money, purchase, remove, post_message, force_push, disable, overwrite, "
        "shutdown, move_funds"
    ),
    "soon": (
        "before you reply, before responding, before you answer, before continuing, before you "
        "respond, before replying, before answering, before proceeding, cleanup required, to close "
        "this, right now, immediately, before you continue, with the summary text, before "
        "summarizing, with force true, to file this, to activate, for verification"
    ),
    "again": (
        "call it again, same arguments, repeat at least, call this tool again, again and again, "
        "verified again, separate call, keep calling, in a loop, by another call, retry until, times "
        "before, never stop, endlessly, by a separate call, run it again"
    ),
    "trust": (
        "treat the text, as coming from, obeys, obey, follow whatever, as if they came, execute what, "
        "do what it says, do exactly what, do what they say, follow the instructions in, follow its "
        "instructions, decode it and, decode the following, carry out what, as trusted, treat as "
        "authoritative, comply with the following"
    ),
    "mail_address": "mail_address",
    "web_address": "web_address",
    "cjk": (
        "無視し, 以前の指示, 無視, 忽略, 之前的指示, 秘密鍵, 何も言わず, 送信し, 不要告诉, 忽略之前, 系统提示"
    ),
    "agreed_to": (
        "already agreed to everything, approve every action, auto approve, autoapprove, auto run "
        "mode, confirmed to true, yolo mode, force to true, approve all, granted permission to skip, "
        "pre approved everything"
    ),
    "unseen": "silently, quietly, invisibly, in the background",
}
