"""What text in a language looks like: its letters beyond ASCII in order of how common they are, and its small words.

This is what tells code pages apart (`letters.py` weighs it). Orders are approximate on purpose: what decides is which
letters a language has at all, and which of them come often.
"""
from __future__ import annotations

import msgspec

#: ISO 8859-16 is not among these: it has ș and ț where 8859-2 has ş and ţ, and nothing tells which were meant.
WEST = ("cp1252", "iso8859-15", "cp850", "mac-roman")
CENTRAL = ("cp1250", "iso8859-2", "cp852", "mac-latin2")
BALTIC = ("cp1257", "iso8859-13", "iso8859-4", "cp775")
CYRILLIC = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic", "cp855")


class Alphabet(msgspec.Struct, frozen=True):
    """A language: the encodings it is found in (the likeliest first), its letters beyond ASCII, words in small letters.

    `share` is how many of its letters lie beyond ASCII; `rest` how many characters come from outside of `letters`, out
    of `others` that could. `groups` are further strings of letters, each with its share.
    """

    tag: str
    encodings: tuple[str, ...]
    letters: str
    share: float
    words: frozenset[str]
    groups: tuple[tuple[str, float], ...] = ()
    rest: float = 0.0
    others: int = 1


def _latin(tag: str, encodings: tuple[str, ...], letters: str, share: float, words: str) -> Alphabet:
    return Alphabet(tag, encodings, letters, share, frozenset(words.split()))


def _script(tag: str, encodings: tuple[str, ...], letters: str, words: str = "") -> Alphabet:
    return Alphabet(tag, encodings, letters, 0.97, frozenset(words.split()))


_HIRAGANA = (
    "のにるたとはしいをでてがなれからさっりすあもこまうくよきんめおけそつだやえどわちみせじばへびずろほげ"
    "むべひょゆぶごゃねふぐぎぼゅづざぞぬぜぱぽぷぴぃぁぇぺ")
_KATAKANA = (
    "ーンスルトリイアラックドシレジタフロカテマィグバムプオコデニウメサビナブャエュチキズダパミェョハセベ"
    "ガモツネボソノァヴワポペピケゴギザホゲォヤヒユヨヘゼヌゥ")
_KANJI = (
    "人私何日一彼大出来見行今言分前時子生気本当死事者間思自手知中家男女上入先帰名誰待話聞食会僕俺君父母年"
    "月国場所下全然最後心愛好悪早水物持度方夜朝昨電車友達少無理丈夫助信帰始終実目体金学校様殺供変嘘夢世界"
    "二三十")
_HANZI = (
    "的我你是了不在一这那有他们么人来会说就好到要什没知道去可以吗想她为看上能个和过对吧都很大时候得事也做"
    "家里下给把让起还着天心后出现多只怎因真回再谁找点样见女子死老自己从两如果小年走打吃生前所开面话儿跟等"
    "问别听呢今明但先太被头爱用成新位钱地方中工作国手气请快干长直学高最少发间意思动分已经叫关正相信告诉啊"
    "应该晚安妈爸孩朋友觉次又无车此而于之其些与本公司电门进声二三十水日月才该记住放帮带完全当然身之外它她"
    "认识东西")
_HANZI_OLD = (
    "的我你是了不在一這那有他們麼人來會說就好到要什沒知道去可以嗎想她為看上能個和過對吧都很大時候得事也做"
    "家裡下給把讓起還著天心後出現多只怎因真回再誰找點樣見女子死老自己從兩如果小年走打吃生前所開面話兒跟等"
    "問別聽呢今明但先太被頭愛用成新位錢地方中工作國手氣請快幹長直學高最少發間意思動分已經叫關正相信告訴啊"
    "應該晚安媽爸孩朋友覺次又無車此而於之其些與本公司電門進聲二三十水日月才該記住放幫帶完全當然身外它妳認"
    "識東西")
_HANGUL = (
    "이다는에가고하지을아그어나도은있라니한의사를말기요게서네들거너로안면해내대야자만알으시정없여우수일무"
    "생인보할제저데리마구왜건오런뭐까군죽난잖당신돼됐좀겠떻했었습죄송합괜찮세같것모르때람소전부원주진스발"
    "히와과려든된중집날살친못선동성조유달물두미래장남빠엄바방님결받믿랑먹입간온본관심분비상실경차위번또잘"
    "더")

LANGUAGES: tuple[Alphabet, ...] = (
    _script("ru", CYRILLIC, "оеаинтслврпдкмуягьзыбчжйшхюэщцфёъ",
            "я не что ты в и на это мы он с как она да нет но вы у меня тебя мне так за то вот бы если есть "
            "все его только ну здесь было где когда кто они от о хорошо для"),
    _script("uk", ("cp1251", "koi8-u", "iso8859-5", "cp1125", "mac-cyrillic"),
            "оаніирвтеслкмудпязьбгйчхжїшюцщєфґ",
            "я не що ти в і на це ми він з як вона так ні але ви у мене тебе мені за то якщо є все його "
            "тільки тут було де коли хто вони від про добре для"),
    _script("be", ("cp1251", "iso8859-5"), "анеіоырлскдцтмвзпяьуўбгёчшжхйюэф",
            "я не што ты ў і на гэта мы ён з як яна так але вы у мяне мне за калі ёсць усё яго толькі тут "
            "было дзе хто"),
    _script("bg", CYRILLIC, "аеоитнсрвлдмкпзяуъгбчжцйшхщюфь",
            "да не на се е и в аз ти какво за това си ще съм с той как тя ние ме те но от сме го ли тук има "
            "по само добре къде кога кой са беше"),
    _script("sr", ("cp1251", "iso8859-5", "cp855", "mac-cyrillic"), "аоиенрсјтукмвдплзгбчшжцњљћђхфџѓќѕ",
            "је да се у не то и на сам ти ми за си шта како ли ја није су од али ме те само би ово смо добро "
            "све знам"),
    _script("el", ("cp1253", "iso8859-7", "cp737", "mac-greek"), "αοιετσνηυρπκμλςάίόέήώδγθχφβξζύψϊϋΐΰ",
            "να το και δεν είναι θα με που για σε μου τι η ο την της του σου από τα στο μας αυτό αν εδώ έχω "
            "μην ναι όχι"),
    _script("he", ("cp1255", "cp862"),
            "יוהלאמתרבשנעכדםחקטפגצזסןךףץ\u05b8\u05b7\u05b4\u05b5\u05b6\u05bc\u05b9\u05bb\u05b0",
            "לא את אני זה של מה הוא כן על אתה היא לי עם כל לך אבל יש טוב אם פה אין שלי היה כאן רק"),
    _script("ar", ("cp1256", "iso8859-6", "cp720"),
            "اليمنرتبوهعكدفسحقجشطصىخةأءضزذغثظئإؤآ\u064b\u064f\u064e\u0650\u0651\u0652",
            "لا أن في من هذا ما على أنا هل هو إلى لقد كان نعم يا أنت ذلك كل هنا لم هي عن مع لك لي"),
    _script("fa", ("cp1256",), "ايندرهمتبوشسگکكزلفخعقجحآپچطصضغثذژظءئأ",
            "من از که به اين تو را با در نه يه ما اون چي بايد هم"),
    _script("th", ("cp874",), "านรอกเงมยลวดทสตะ่ปบคหแจพชขใ้ไิีัู็์ืุโึำผธศฟญๆซณถฐฉษฤภ"),
    Alphabet("ja", ("cp932", "euc_jp"), _HIRAGANA, 0.97, frozenset(), ((_KATAKANA, 0.12), (_KANJI, 0.18)), 0.12, 5000),
    Alphabet("zh", ("gb18030",), _HANZI, 0.97, frozenset(), (), 0.35, 4000),
    Alphabet("zh-Hant", ("big5", "gb18030"), _HANZI_OLD, 0.97, frozenset(), (), 0.35, 4000),
    Alphabet("ko", ("cp949", "johab"), _HANGUL, 0.97, frozenset(), (), 0.2, 2000),
    _latin("en", WEST, "éèïñöüçàêâôîáíó", 0.001,
           "the you to i it a of and that is in what no me my we this your for not on he are have be with do "
           "was so know all can she just get here they like now go up out if come there how"),
    _latin("fr", WEST, "éèàêçâîôùûœïëæüÿ", 0.04,
           "je de est pas le la vous tu que un il et à ne les ce en on ça une pour des moi qui mais dans du "
           "bien elle si tout plus non mon au avec te oui va toi fait ma nous ont être sur où ai dit là suis "
           "cette"),
    _latin("de", WEST, "üäößéà", 0.02,
           "ich sie das ist du nicht die und es der wir zu ein er in mir mit ja wie den auf mich dass so "
           "hier eine wenn hat was war sind von noch dich aber haben nur bin für kann an uns dir schon wo "
           "nein"),
    _latin("es", WEST, "óíáéñúüº", 0.03,
           "es de que no a la el y en lo un por qué me una te los se con para mi está si bien pero yo eso "
           "las sí su tu aquí del al como le más esto ya todo esta vamos muy hay ahora algo estoy tengo nada "
           "cuando"),
    _latin("pt", WEST, "ãéçáóíêúõâàôüº", 0.04,
           "que não o de a é e você eu um para se me uma está com do por te os em isso bem como da na no mas "
           "sim ele aqui mais meu ela foi muito vai tem sua nós estou então as"),
    _latin("it", WEST, "èàùòéìóî", 0.012,
           "che non di e è la il un a per in mi sono ho ma lo ha le si ti i con cosa una se da no come ci "
           "questo qui del bene tu solo mio sei hai della io al più perché era tutto"),
    _latin("sv", WEST, "äåöéàü", 0.05,
           "det är jag du inte att en och har vi på i för han vad med som här den mig till ett om var så ni "
           "kan de dig hon ska nu då man av där vill måste vet"),
    _latin("da", WEST, "åøæéöäü", 0.03,
           "da det er jeg du ikke at en og har vi på i for han hvad med som her den mig til et om var så kan "
           "de dig hun skal nu man af der vil ved må være godt"),
    _latin("no", WEST, "åøæéòôü", 0.03,
           "jeg det er du ikke en og har vi på i for han hva med som her den meg til et om var så kan de deg "
           "hun skal nå da man av der vil vet må være bra"),
    _latin("fi", WEST, "äöåéšž", 0.06,
           "on ei se en hän minä sinä mitä ja että olen oli mutta niin kun tämä hyvä olet me sen nyt kuin "
           "ole jos hei kyllä vain siitä täällä minun sinun te joka"),
    _latin("nl", WEST, "ëéïèöüêáóç", 0.003,
           "ik je het de is dat een niet en wat van we in ze op te hij zijn er maar met die voor heb me als "
           "ben was mijn u dit aan hem hier naar dan weet kan geen moet nog"),
    _latin("is", WEST, "áðíóéöúþýæ", 0.1,
           "ég þú það er ekki að og í á við hann hún sem en var hvað um til af með mér þér hér nú"),
    _latin("pl", CENTRAL, "łążęóśćńź", 0.07,
           "nie to się w na i z że co jest do tak jak mnie a ale mi za jestem ja czy o po mam go dobrze "
           "tylko ty już był jego tym może tu gdzie jesteś będzie proszę wiem"),
    _latin("cs", CENTRAL, "íáéěřýčžšůúóďťň", 0.14,
           "to je se na že si co a ne jsem v já tak ale mi by jak do jsi za s o mě už ty jste když tady bych "
           "pro ho jen není dobře může proč kde vím"),
    _latin("sk", CENTRAL, "áíéýčžšúľťňôóďäŕĺ", 0.1,
           "to je sa na že si čo a nie som v ja tak ale mi by ako do už za s o ma ty ste keď tu pre ho len "
           "nič dobre môže prečo kde viem máš"),
    _latin("hu", CENTRAL, "áéőöóüíúű", 0.14,
           "a az nem és hogy én ez van is egy meg de mi csak te jó itt ha kell mit vagy igen már nincs el ki "
           "most azt vagyok volt lesz be úgy mert ezt hol tudom"),
    _latin("ro", CENTRAL, "ăîâşţ", 0.06,
           "nu să de ce că e a în şi la o mai te pe un mă cu am este din fi da pentru asta dar ai bine eu ne "
           "sunt acum cum aici dacă poate unde ştiu"),
    _latin("hr", CENTRAL, "čšžćđ", 0.03,
           "je da se u ne to i na što sam ti mi za si kako li ja nije su od ali me te samo bi ovo smo dobro "
           "sve znam imam nisam tko gdje biti može"),
    _latin("sl", CENTRAL, "čšžćđ", 0.03,
           "in je da se ne v to na kaj sem si bi pa za z ti mi so kot ni ali lahko tako zdaj kje"),
    _latin("tr", ("cp1254", "iso8859-9", "cp857", "mac-turkish"), "ıüşöğçİâîû", 0.1,
           "bir bu ne ve için değil çok ben sen o mi var da de evet hayır ama iyi gibi daha kadar beni seni "
           "şey yok benim burada neden nasıl biliyorum olarak zaman tamam onu"),
    _latin("lt", BALTIC, "ėšąžįųūčę", 0.08,
           "ir ne kad aš tai ką tu yra į taip su bet mes jis ji ar kaip man tik iš čia gerai dar jau tavo "
           "mano buvo kur"),
    _latin("lv", BALTIC, "āīēšūžņļķģč", 0.1,
           "un ir es tu ka kas tas nav to ar uz man par no vai kā bet mēs viņš viņa ko lai jā nē tev te labi "
           "tikai kur"),
    _latin("et", (*BALTIC, *WEST), "äõüöšž", 0.05,
           "et ja on ei ma see sa mida ta oli kui ka me aga nii olen siin mis siis pole mu kas oled või tema "
           "üks te väga"),
    _latin("vi", ("cp1258",), "\u0301\u0300đưâ\u0323êôăơ\u0309\u0303àáéèóíùúìý", 0.25,
           "anh em ta con cho ra sao ai ba cha tin xin nghe hai ngay hay sau trong"),
)
