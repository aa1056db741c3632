"""From the spelling of an address, a number or a name to the key by which twins are recognised.

Every function here is pure, takes any text at all, never raises and answers its own answer with
itself; a key has at most 320 characters and any database can store it. An empty key means that
nothing can be claimed. A change that gives any text another key needs a new `NORMALISER_VERSION`
and a migration that reports the collisions first.
"""

import hashlib
import re
import unicodedata
from functools import cache, lru_cache

import idna
import phonenumbers
from phonenumbers import PhoneNumberFormat, ValidationResult
from publicsuffixlist import PublicSuffixList

NORMALISER_VERSION = 1

KEY_LENGTH = 320
SEARCH_LENGTH = 1000

# Sorting a long run of combining marks takes the square of its length, so nobody gets to send a
# megabyte of them: what stands behind this many characters does not count.
_READ_LENGTH = 4000

# ' ` and their curly, modifier, prime, Hebrew and wide likenesses.
_APOSTROPHES = dict.fromkeys(
    map(ord, "'`\u00b4\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u02c8\u05f3\u2032\uff07")
)
_TRADE_MARKS = dict.fromkeys(map(ord, "®©™℠℗"))
_BLANKS = re.compile(r"\s+")
_ASCII_WORDS = re.compile(r"[a-z0-9]+")
_INITIALS = re.compile(r"(?<!\w)\w(?:[./]\s?\w)+(?!\w)")


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _read(text: str) -> str:
    """Cut `text` to what is looked at."""
    return text.strip()[:_READ_LENGTH]


def _fold(text: str) -> str:
    """Bring `text` to one case and one composition, without invisible marks or broken characters.

    One pass is not enough: taking out a mark or folding the case can bring two characters together
    that compose anew. Printable ASCII is composed already, and most texts are nothing else.
    """
    if text.isascii() and text.isprintable():
        return text.lower()
    for _ in range(8):
        before = text
        text = unicodedata.normalize("NFKC", text).casefold()
        text = "".join(_visible(character) for character in text)
        if text == before:
            break
    return text


@lru_cache(4096)
def _visible(character: str) -> str:
    match unicodedata.category(character):
        case "Cf":
            return ""
        case "Cc" | "Cs" | "Cn" | "Co" | "Zl" | "Zp":
            return " "
    # Variation selectors choose a picture, not a letter.
    return "" if "\ufe00" <= character <= "\ufe0f" else character


@lru_cache(4096)
def _in_a_word(character: str) -> str:
    """Keep letters, marks, digits and pictures (a firm may be called by one); blank the rest."""
    return (
        character if unicodedata.category(character)[0] in "LMN" or _is_picture(character) else " "
    )


def _is_picture(character: str) -> bool:
    return unicodedata.category(character) == "So"


def _words(text: str) -> list[str]:
    """Split into folded words, without apostrophes and other punctuation."""
    if text.isascii() and text.isprintable():
        return _ASCII_WORDS.findall(text.translate(_APOSTROPHES).lower())
    # Folding takes a few characters apart into apostrophes; without these, neighbours may compose.
    text = _fold(_fold(text.translate(_APOSTROPHES)).translate(_APOSTROPHES))
    return "".join(map(_in_a_word, text)).split()


def _bounded(key: str, length: int = KEY_LENGTH) -> str:
    """Cut a long key, with a digest in place of its end: two long names must not become one."""
    if len(key) <= length:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:24]
    return f"{key[: length - 25].rstrip()} {digest}"


_LOCAL_PART = re.compile(r"[^\s@.,:;<>()\[\]\\\"]+(?:\.[^\s@.,:;<>()\[\]\\\"]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

_ROLES = _set_of(
    """
    abuse accounting accounts admin administration administrator anfrage anfragen backoffice
    billing booking bookings buchhaltung bureau business buero commercial compliance comptabilite
    compras connect contact contacto contactus contatti contato customer customercare customers
    customerservice datenschutz desk dispatch dpo einkauf empfang enquiries enquiry events
    facturacion feedback finance frontdesk general hallo hello help helpdesk hi hilfe hola
    hostmaster hr impressum info infos information inquiries inquiry invoice invoices it jobs
    karriere kontakt kundenservice legal leads mail mailbox mailer-daemon management marketing
    media news newsletter noc noreply no-reply office oficina orders order partner partners
    personal post postmaster presse press privacy procurement purchasing purchase reception
    rechnung rechnungen recruiting registration reservations rh root sales secretariat security
    sekretariat service services shop soporte studio subscribe support supporto team tech
    technical tender tenders training ventas vendas vendite vertrieb verwaltung web webmaster
    welcome zentrale
    """
)
_ROLE_TAILS = _set_of("care center centre department dept group inbox only reply us")


def _domain(text: str) -> str:
    """Return the domain in its ASCII form, or nothing when it cannot be one."""
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True).decode("ascii")
        except (ValueError, IndexError):
            return ""
    text = text.lower()
    labels = text.split(".")
    if len(text) > 253 or len(labels) < 2 or labels[-1].isdigit():
        return ""
    return text if all(_LABEL.fullmatch(label) for label in labels) else ""


def _composed(text: str) -> str:
    """Return `text` in one composition and without invisible marks, in the case that it has."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_visible, unicodedata.normalize("NFKC", text)))
    return text.strip()


def email_key(text: str) -> str:
    """Return the address in one spelling, or nothing when it is none that mail can be sent to.

    Dots and plus tags stay: at most providers they make another mailbox. Quoted local parts,
    comments and addresses by IP number are refused: allowed by the standard, unseen in business.

    >>> email_key(" Ada.Lovelace+crm@Engine.EXAMPLE ")
    'ada.lovelace+crm@engine.example'
    >>> email_key("kontakt@Bücher.example")
    'kontakt@xn--bcher-kva.example'
    >>> email_key("b.levy@expressl&t.net")
    ''
    """
    # The domain is not case-folded: that would make straße.de and strasse.de one.
    composed = _composed(_read(text))
    local, at, domain = composed.rpartition("@")
    local, domain = _fold(local), _domain(domain) if len(domain) <= 253 else ""
    if not (at and domain and _LOCAL_PART.fullmatch(local)):
        return ""
    if len(local.encode()) > 64 or len(local) + len(domain) > 253:
        return ""
    return f"{local}@{domain}"


def is_role_mailbox(email: str) -> bool:
    """Tell whether an address belongs to an office rather than to a person.

    >>> is_role_mailbox("Info@engine.example"), is_role_mailbox("sales-uk@engine.example")
    (True, True)
    >>> is_role_mailbox("info.smith@engine.example")
    False
    """
    local = email_key(email).rpartition("@")[0].partition("+")[0].rstrip("0123456789")
    if local in _ROLES:
        return True
    first, *others = [word for word in re.split(r"[._-]", local) if word] or [""]
    return first in _ROLES and all(
        word in _ROLES or word in _ROLE_TAILS or len(word) <= 2 for word in others
    )


_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//+", re.IGNORECASE)
_PORT = re.compile(r":\d*$")
_PRIVATE_TOPS = _set_of("arpa corp home internal intranet invalid lan local localhost")

FREE_MAIL_DOMAINS = _set_of(
    """
    123mail.org 126.com 139.com 163.com 188.com 189.cn 1und1.de 21cn.com abv.bg aim.com alice.it
    aliceadsl.fr aliyun.com aol.co.uk aol.com aol.de aol.fr arcor.de arnet.com.ar att.net bell.net
    bellsouth.net bigpond.com bigpond.net.au bk.ru blueyonder.co.uk bluewin.ch bol.com.br
    btinternet.com btopenworld.com caramail.com centrum.cz charter.net chello.nl club-internet.fr
    comcast.net cox.net daum.net docomo.ne.jp duck.com earthlink.net email.com email.cz email.de
    embarqmail.com eircom.net ezweb.ne.jp fastmail.com fastmail.fm fibertel.com.ar foxmail.com
    free.fr freemail.hu freenet.de frontiernet.net gawab.com gmail.com gmx.at gmx.ch gmx.com
    gmx.de gmx.fr gmx.net gmx.us googlemail.com hanmail.net hey.com home.nl hotmail.be hotmail.ca
    hotmail.co.jp hotmail.co.uk hotmail.com hotmail.com.ar hotmail.com.br hotmail.com.tr
    hotmail.de hotmail.es hotmail.fr hotmail.it hotmail.nl hushmail.com i.ua icloud.com ig.com.br
    inbox.com inbox.lv inbox.ru inwind.it iol.it jourrapide.com juno.com kpnmail.nl laposte.net
    libero.it list.ru live.be live.ca live.co.uk live.com live.com.au live.com.mx live.de live.fr
    live.it live.nl live.no live.se lycos.com mac.com mail.bg mail.com mail.de mail.ee mail.ru
    mailbox.org mailfence.com mailinator.com me.com mindspring.com msn.com nate.com naver.com
    neuf.fr ntlworld.com o2.co.uk o2.pl o2online.de onet.eu onet.pl online.de online.no
    optonline.net optusnet.com.au orange.fr orange.net outlook.com outlook.com.br outlook.de
    outlook.es outlook.fr outlook.it passport.com planet.nl pm.me poczta.onet.pl posteo.de
    prodigy.net.mx proton.me protonmail.ch protonmail.com qq.com r7.com rambler.ru rediffmail.com
    roadrunner.com rocketmail.com rogers.com runbox.com sapo.pt sbcglobal.net seznam.cz sfr.fr
    shaw.ca sina.cn sina.com sina.com.cn sky.com skynet.be sohu.com softbank.ne.jp startmail.com
    sympatico.ca t-online.de talktalk.net telefonica.net telenet.be teletu.it telia.com
    terra.com.br terra.es tin.it tiscali.co.uk tiscali.it tuta.com tuta.io tutanota.com
    tutanota.de ukr.net uol.com.br verizon.net videotron.ca vip.qq.com virgilio.it virgin.net
    virginmedia.com volny.cz voila.fr vtext.com wanadoo.fr wanadoo.es web.de windowslive.com
    windstream.net wp.pl xs4all.nl xtra.co.nz ya.ru yahoo.ca yahoo.cn yahoo.co.id yahoo.co.in
    yahoo.co.jp yahoo.co.kr yahoo.co.nz yahoo.co.uk yahoo.com yahoo.com.ar yahoo.com.au
    yahoo.com.br yahoo.com.cn yahoo.com.hk yahoo.com.mx yahoo.com.ph yahoo.com.sg yahoo.com.tr
    yahoo.com.tw yahoo.com.vn yahoo.de yahoo.dk yahoo.es yahoo.fr yahoo.gr yahoo.ie yahoo.in
    yahoo.it yahoo.nl yahoo.no yahoo.pl yahoo.ro yahoo.se yandex.com yandex.ru yandex.ua yeah.net
    ymail.com yopmail.com zoho.com zohomail.com ziggo.nl
    """
)
# Pages of many firms stand on these; that two firms are there says nothing about them.
SHARED_HOSTS = _set_of(
    """
    about.me amazon.com angel.co behance.net bit.ly business.site carrd.co crunchbase.com etsy.com
    facebook.com fb.com fb.me forms.gle github.com goo.gl indeed.com instagram.com linkedin.com
    linktr.ee maps.google.com medium.com pinterest.com sites.google.com t.co t.me tiktok.com
    tinyurl.com tripadvisor.com tumblr.com twitter.com vimeo.com wa.me wikipedia.org wordpress.com
    x.com xing.com yelp.com youtu.be youtube.com
    """
)


@cache
def _public_suffixes() -> PublicSuffixList:
    # The list comes with the package; nothing is fetched.
    return PublicSuffixList(accept_unknown=True)


def domain_key(text: str) -> str:
    """Return the registrable domain of a website or an e-mail address, if a firm can own it.

    Nothing for free mail, for sites that many firms share, for IP numbers and for local names.

    >>> domain_key("https://www.Foo.co.uk:8080/about?x=1"), domain_key("ada@mail.engine.example")
    ('foo.co.uk', 'engine.example')
    >>> domain_key("ada@gmail.com"), domain_key("co.uk"), domain_key("10.0.0.1")
    ('', '', '')
    """
    text = _read(text)
    host = email_key(text).rpartition("@")[2]
    if not host:
        host = _composed(text)
        host = re.split(r"[/\\?#\s]", _SCHEME.sub("", host, count=1), maxsplit=1)[0]
        host = _PORT.sub("", host.rpartition("@")[2]).rstrip(".")
        host = _domain(host) if len(host) <= 253 else ""
    if not host or host.rpartition(".")[2] in _PRIVATE_TOPS:
        return ""
    registrable = _public_suffixes().privatesuffix(host) or ""
    if {host, registrable} & (FREE_MAIL_DOMAINS | SHARED_HOSTS):
        return ""
    return registrable


@lru_cache(maxsize=4096)  # who writes a record asks for the key of one number several times
def phone_key(text: str, country: str = "US") -> str:
    """Return the number as E.164, read as dialled in `country`; nothing when it cannot be one.

    An extension is dropped. The number stands for the line of a firm, and a claim never rests on it
    alone but joins it with a name; who gives the extension once and omits it once is one person.
    A local number without its area code is refused: every area has one of that kind. So is a
    placeholder such as 000-000-0000.

    >>> phone_key("(512) 757-6000 ext. 12"), phone_key("0512 75760", "DE")
    ('+15127576000', '+4951275760')
    >>> phone_key("757-6000"), phone_key("unknown")
    ('', '')
    """
    if not text.strip():
        return ""
    country = country.strip().upper()
    key = _e164(text, country)
    if key == "+" + "".join(filter(str.isdigit, text)) and text.strip().startswith("+"):
        return key  # it was written so: read again it would be the same
    # A number may lose a trunk prefix only when it is read a second time.
    for _ in range(4):
        again = _e164(key, country) if key else ""
        if again == key:
            return key
        key = again
    return ""


def _e164(text: str, country: str) -> str:
    try:
        number = phonenumbers.parse(_read(text), country)
    except phonenumbers.NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return ""
    if len(set(phonenumbers.national_significant_number(number))) == 1:
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


# Not the list of cleanco, which is too sharp for an identity: it drops "UK", "AT" and "SP" as forms
# of single countries, and with them what tells two subsidiaries apart. Left out here for the same
# reason: "AE", "KY", "CV", "SAL" and whatever else is a place or a word more often than a form.
# Combinations come apart by themselves, form by form from the end: "GmbH & Co. KG", "Co., Ltd.".
_LEGAL_FORMS = frozenset(
    tuple(form.split())
    for form in """
    inc; incorporated; corp; corporation; co; company; and co; and company; ltd; limited; llc; llp
    lp; lllp; pllc; plc; ulc; public limited company; limited liability company
    limited partnership; limited liability partnership; cic; private limited; pvt ltd; pvt; pty
    pty ltd; proprietary limited; pte; pte ltd; ltée; ltee; limitée; cie; and cie; et cie; gmbh
    ggmbh; mbh; gesellschaft mbh; ges mbh; gesmbh; gesellschaft mit beschränkter haftung; ag
    aktiengesellschaft; kg; kgaa; kommanditgesellschaft; ohg; gbr; gesbr; ug
    ug haftungsbeschränkt; ek; ev; eg; partg; partg mbb; und co; u co; se; sa; sas; sasu; sarl
    sàrl; sà rl; s à rl; eurl; snc; sca; scs; gie; société anonyme; société par actions simplifiée
    société à responsabilité limitée; sagl; spa; srl; srls; sapa; scarl; scrl; scpa
    società per azioni; società a responsabilità limitata; sl; slu; sll; slne; sau
    sociedad anónima; sociedad limitada; sa de cv; sab de cv; sapi de cv; s de rl; s de rl de cv
    srl de cv; sapi; eirl; ltda; limitada; lda; sgps; nv; bv; bvba; cvba; vof; sprl; vzw; asbl; ab
    ab publ; aktiebolag; hb; kb; as; asa; ans; aps; ivs; aktieselskab; amba; smba; oy; oyj
    osakeyhtiö; ehf; hf; oü; sia; uab; sp z oo; sp zoo; spzoo; spółka z oo; spolka z oo; sp j
    sp k; spj; spk; spółka akcyjna; spółka z ograniczoną odpowiedzialnością; sro; s ro; spol s ro
    spol sro; vos; ks; kft; bt; zrt; nyrt; kkt; doo; dooel; dd; ad; ead; ood; eood; kd; epe; ooo
    oao; zao; pao; ооо; оао; зао; пао; ао; тов; ojsc; cjsc; pjsc; jsc; aş; anonim şirketi; ltd şti
    limited şirketi; şti; ltd sti; saog; saoc; ksc; kscp; kscc; qsc; qpsc; sh a; sh pk; shpk
    akc spol; kom spol; unltd; ultd; s en c; wll; bsc; fze; fzco; fzc; fz llc; dmcc; bhd; sdn bhd
    sdn; berhad; tbk; kk; gk; yk; kabushiki kaisha; kabushiki gaisha; godo kaisha
    """.replace("\n", ";").split(";")
    if form.strip()
)
_LONGEST_FORM = max(map(len, _LEGAL_FORMS))
# Written without a blank, in front of the name or behind it.
_GLUED_FORMS = "株式会社|有限会社|合同会社|股份有限公司|有限责任公司|有限公司|주식회사|유한회사"
_GLUED = re.compile(f"({_GLUED_FORMS})")
_ALONE_GLUED = frozenset(_GLUED_FORMS.split("|")) | {"株", "有", "주"}
# Before "spa" these speak of a bath, not of a Società per azioni.
_BATHS = _set_of("and beauty day hair health hotel med medi medical nail pet resort the")


@lru_cache(maxsize=256)  # as with numbers
def company_key(name: str) -> str:
    """Return the name of a firm without case, punctuation and trailing legal forms.

    What tells subsidiaries apart stays: a country, "Holdings", "Group". A name that is nothing but
    a legal form stays as it is. Accents stay too; that they are missing is for similarity to see.

    >>> company_key("Acme, Inc."), company_key("ACME GmbH & Co. KG")
    ('acme', 'acme')
    >>> company_key("O'Neill S.A. de C.V.")
    'oneill'
    >>> company_key("United Oil & Gas Corp."), company_key("United Oil & Gas, UK")
    ('united oil and gas', 'united oil and gas uk')
    >>> company_key("Limited"), company_key("???")
    ('limited', '')
    """
    text = _fold(_read(name).translate(_APOSTROPHES | _TRADE_MARKS))
    text = _INITIALS.sub(lambda initials: re.sub(r"[\s./]", "", initials[0]), text)
    text = _GLUED.sub(r" \1 ", text.replace("&", " and ").replace("+", " and "))
    words = _words(text)
    while length := _trailing_form(words):
        del words[-length:]
    while len(words) > 1 and words[0] in _ALONE_GLUED:
        del words[0]
    return _bounded(" ".join(words))


def _trailing_form(words: list[str]) -> int:
    """Return of how many words the legal form at the end consists, if a name stands before it."""
    if len(words) > 1 and words[-1] in _ALONE_GLUED:
        return 1
    for length in range(min(_LONGEST_FORM, len(words)), 0, -1):
        if tuple(words[-length:]) in _LEGAL_FORMS:
            rest = words[:-length]
            is_bath = words[-1] == "spa" and rest and rest[-1] in _BATHS
            return 0 if is_bath or rest in ([], ["the"]) else length
    return 0


_SALUTATIONS = _set_of(
    """
    mr mrs ms miss mx mister dr doctor prof professor sir dame lady madam rev reverend herr frau
    hr fr fräulein monsieur madame mademoiselle mme mlle señor señora señorita sr sra srta signor
    signora signorina sig dott dottssa ddr dipl mevrouw dhr
    """
)


def name_key(full: str) -> str:
    """Return a person's full name without case, punctuation and salutation.

    Accents stay: "José" and "Jose" look alike, which may be proposed, but decides nothing.

    >>> name_key("Dr. Ada  O'Lovelace-King"), name_key("Mr. Prof. Dr. Müller")
    ('ada olovelace king', 'müller')
    """
    words = _words(_read(full))
    while len(words) > 1 and words[0] in _SALUTATIONS:
        del words[0]
    return _bounded(" ".join(words))


def person_key(first: str, last: str) -> str:
    """Return the key of a name that is stored in two parts.

    >>> person_key("Ada", "Lovelace") == name_key("ada LOVELACE")
    True
    """
    return name_key(f"{_read(first)} {_read(last)}")


def search_key(*parts: str, length: int = SEARCH_LENGTH) -> str:
    """Return the parts as one folded text to look for, `length` characters at the most.

    >>> search_key("Ada", " LOVELACE ", "", "Straße 5")
    'ada lovelace strasse 5'
    """
    text = " ".join(_fold(_read(part)) for part in parts)
    text = _BLANKS.sub(" ", text).strip()
    return text[:length].rstrip()


def search_text(*parts: str, length: int = SEARCH_LENGTH) -> str:
    """Return the parts as one folded text to search in, between blanks.

    So a whole word in it has a blank on either side, also the first and the last one.

    >>> search_text("Ada", " LOVELACE "), search_text("")
    (' ada lovelace ', '')
    """
    text = search_key(*parts, length=length)
    return f" {text} " if text else ""


def folded(text: str) -> tuple[str, list[int]]:
    """Return `text` folded letter by letter, and for each letter the place that it came from.

    What was found in a folded text can so be shown where it stands in the one that people wrote.

    >>> folded("Groß")
    ('gross', [0, 1, 2, 3, 3])
    """
    letters = [(letter, place) for place, each in enumerate(text) for letter in _fold(each)]
    return "".join(letter for letter, _ in letters), [place for _, place in letters]


_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def tag_key(name: str) -> str:
    """Return the name of a tag in one case and composition, by which it is known.

    >>> tag_key("  Hot  Lead "), tag_key("STRASSE") == tag_key("Straße"), tag_key("\u200b")
    ('hot lead', True, '')
    """
    return _bounded(" ".join(_fold(_read(name)).split()), 200)


def text_problem(text: str) -> str:
    """Say in a sentence why `text` cannot be stored; an empty answer means that it can.

    >>> text_problem("Ada"), text_problem("A\\x00da")
    ('', 'The text contains a NUL character, at position 2.')
    """
    position = text.find("\x00")
    if position >= 0:
        return f"The text contains a NUL character, at position {position + 1}."
    if broken := _SURROGATES.search(text):
        position = broken.start() + 1
        return f"The text contains half a character (a lone surrogate), at position {position}."
    return ""


def clean_text(text: str) -> str:
    """Make `text` storable and showable where nobody is there to be asked.

    Line ends become one kind, control characters go, half characters become the replacement
    character. Where a person or a programme waits for an answer, use `text_problem` and say so.

    >>> clean_text("one\\r\\ntwo\\x00\\x07")
    'one\\ntwo'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text))
