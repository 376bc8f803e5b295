"""The sentences of the offline provider, whole and per language, and how figures are written in them.

They speak the customer's language, not the interface's, so they do not go through gettext.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from .dialogue import Item

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "hello": "Hello.",
        "greeting": "Hello, welcome to {organization}. I am {persona}. What are you looking for?",
        "greeting_again": "Hello again. What can I do for you?",
        "thanks": "You are welcome. Is there anything else I can look up for you?",
        "thanks_bare": "You are welcome.",
        "goodbye": "Thank you for writing to us. Have a good day.",
        "found_one": "Here is what we have:",
        "found_many": "Here is what we have:",
        "found_some": "Here are three of the {total} we have:",
        "found_more": "Here are three of those we have:",
        "found_size": "In size {size} we have:",
        "narrow_more": "Shall I look for a certain kind or budget?",
        "closest": "I did not find exactly that. The closest we have:",
        "over_budget": "I found nothing within that budget. The closest we have:",
        "cheaper_none": "I found nothing cheaper than what I showed you. Would you like a colleague to look for you?",
        "cheaper": "These cost less:",
        "more": "Here are some more:",
        "more_none": "That is all I found for this. Would you like a colleague to look for you?",
        "variant_none": "I did not find {wanted} for it. Here is what we have:",
        "nothing": "I could not find “{query}” in our catalog. Would you like a colleague to check for you?",
        "nothing_plain": "I could not find that in our catalog. Would you like a colleague to check for you?",
        "catalog_down": "I cannot look that up right now. Would you like a colleague to check for you?",
        "narrow": "Which kind, size or budget do you have in mind?",
        "which": "Which one do you mean: the first, the second or the third?",
        "interested": "Would you like to know more about any of them?",
        "details_one": "Would you like to order it, or know more about it?",
        "details_home": "Would you like to view it, or know more about it?",
        "details_out": "Would you like a colleague to tell you when it is back?",
        "fact": "{name} — {fact}: {value}",
        "order_which": "Gladly. Which item would you like to order?",
        "order_done": "I have passed your order request to a colleague, who will confirm it with you.",
        "order_ask": "To order it, please leave your name and a phone number, and a colleague will confirm it with you.",
        "handing_off": "I am passing you on to a colleague, who will answer you here.",
        "handing_off_sorry": "I am sorry about this. I am passing you on to a colleague, who will look into it and answer you here.",
        "hand_off_failed": "I could not reach a colleague just now. Your message is with us and somebody will answer it.",
        "hours": "Our opening hours: {hours}",
        "hours_unknown": "I do not have our opening hours at hand. Would you like a colleague to answer that?",
        "place_unknown": "I do not have our address at hand. Would you like a colleague to answer that?",
        "note_unknown": "I do not have that information at hand. Would you like a colleague to answer that?",
        "stop": "Understood. I will not write to you any further. Write to us whenever you need something.",
        "deflect": "I can only help with questions about {organization}. Is there something you are looking for?",
        "bot": "I am {persona}, the virtual assistant of {organization}. I can look things up for you, and a colleague can take over whenever you like.",
        "help": "Of course. Tell me what you are looking for, or what you would like to know about {organization}.",
        "capabilities": "Here are a few of the things we offer:",
        "clarify": "Could you tell me a little more about what you need?",
        "clarify_again": "I am not sure I understood. Would you like a colleague to help you?",
        "yes_what": "Good. What would you like me to look up?",
        "no": "No problem. I am here if you need anything.",
        "noted": "Thank you, I have noted your {what}.",
        "noted_name": "Thank you, {name}. I have noted your {what}.",
        "nice_name": "Thank you, {name}.",
        "noted_next": "A colleague will get back to you.",
        "noted_more": "What can I look up for you?",
        "not_noted_phone": "That phone number does not look complete. Could you check it?",
        "not_noted_email": "That email address does not look right. Could you check it?",
        "not_noted": "I could not save that just now, but your message is with us.",
        "ask_name_phone": "May I have your name and phone number, so that a colleague can follow up?",
        "ask_name_email": "May I have your name and email address, so that a colleague can follow up?",
        "ask_name": "May I have your name?",
        "ask_phone": "May I have a phone number, so that a colleague can follow up?",
        "ask_email": "May I have an email address, so that a colleague can follow up?",
        "phone": "phone number",
        "email": "email address",
        "phone_email": "phone number and email address",
        "out": "out of stock",
        "in_stock": "{stock} in stock",
        "on_request": "price on request",
    },
    "ar": {
        "hello": "أهلًا بك.",
        "greeting": "أهلًا بك في {organization}. أنا {persona}. كيف أقدر أساعدك؟",
        "greeting_again": "أهلًا بك من جديد. كيف أقدر أساعدك؟",
        "thanks": "على الرحب والسعة. هل هناك شيء آخر أبحث لك عنه؟",
        "thanks_bare": "على الرحب والسعة.",
        "goodbye": "شكرًا لتواصلك معنا. نتمنى لك يومًا سعيدًا.",
        "found_one": "هذا ما لدينا:",
        "found_many": "هذا ما لدينا:",
        "found_some": "هذه ثلاثة من أصل {total} لدينا:",
        "found_more": "هذه ثلاثة مما لدينا:",
        "found_size": "بمقاس {size} لدينا:",
        "narrow_more": "هل أبحث لك عن نوع معين أو ميزانية محددة؟",
        "closest": "لم أجد المطلوب تمامًا. الأقرب لدينا:",
        "over_budget": "لم أجد شيئًا ضمن هذه الميزانية. الأقرب لدينا:",
        "cheaper_none": "لم أجد أرخص مما عرضته عليك. هل تود أن يبحث لك أحد الزملاء؟",
        "cheaper": "هذه أقل سعرًا:",
        "more": "وهذه خيارات أخرى:",
        "more_none": "هذا كل ما وجدته. هل تود أن يبحث لك أحد الزملاء؟",
        "variant_none": "لم أجد {wanted} منه. هذا ما لدينا:",
        "nothing": "لم أجد «{query}» لدينا. هل تود أن يتحقق أحد الزملاء من ذلك؟",
        "nothing_plain": "لم أجد المطلوب لدينا. هل تود أن يتحقق أحد الزملاء من ذلك؟",
        "catalog_down": "لا أستطيع البحث عن ذلك الآن. هل تود أن يتحقق أحد الزملاء من ذلك؟",
        "narrow": "ما النوع أو المقاس أو الميزانية التي تفضلها؟",
        "which": "أيها تقصد: الأول أم الثاني أم الثالث؟",
        "interested": "هل تود معرفة المزيد عن أي منها؟",
        "details_one": "هل تود طلبه أو معرفة المزيد عنه؟",
        "details_home": "هل تود معاينته أو معرفة المزيد عنه؟",
        "details_out": "هل تود أن يخبرك أحد الزملاء عند توفره؟",
        "fact": "{name} — {fact}: {value}",
        "order_which": "بكل سرور. ما الذي تود طلبه؟",
        "order_done": "أرسلت طلبك إلى أحد الزملاء، وسيؤكده معك.",
        "order_ask": "لإتمام الطلب، اترك لنا اسمك ورقم هاتفك وسيؤكده معك أحد الزملاء.",
        "handing_off": "سأحولك الآن إلى أحد الزملاء وسيرد عليك هنا.",
        "handing_off_sorry": "نعتذر عما حدث. سأحولك الآن إلى أحد الزملاء ليتابع الأمر ويرد عليك هنا.",
        "hand_off_failed": "لم أتمكن من الوصول إلى أحد الزملاء الآن. رسالتك وصلتنا وسيرد عليك أحدنا.",
        "hours": "أوقات العمل لدينا: {hours}",
        "hours_unknown": "ليست لدي أوقات العمل الآن. هل تود أن يجيبك أحد الزملاء؟",
        "place_unknown": "ليس لدي العنوان الآن. هل تود أن يجيبك أحد الزملاء؟",
        "note_unknown": "ليست لدي هذه المعلومة الآن. هل تود أن يجيبك أحد الزملاء؟",
        "stop": "مفهوم. لن أراسلك بعد الآن. راسلنا متى احتجت إلى شيء.",
        "deflect": "أستطيع مساعدتك فقط فيما يخص {organization}. هل تبحث عن شيء معين؟",
        "bot": "أنا {persona}، المساعد الافتراضي لدى {organization}. أبحث لك عما تريد، ويمكن لأحد الزملاء أن يكمل معك متى شئت.",
        "help": "بالتأكيد. أخبرني عما تبحث عنه أو ما تود معرفته عن {organization}.",
        "capabilities": "هذه بعض الأشياء التي نقدمها:",
        "clarify": "هل يمكنك أن توضح لي أكثر ما تحتاجه؟",
        "clarify_again": "لست متأكدًا أنني فهمت قصدك. هل تود أن يساعدك أحد الزملاء؟",
        "yes_what": "حسنًا. عن ماذا أبحث لك؟",
        "no": "لا مشكلة. أنا هنا متى احتجت إلى شيء.",
        "noted": "شكرًا لك، سجلت {what}.",
        "noted_name": "شكرًا لك {name}. سجلت {what}.",
        "nice_name": "شكرًا لك {name}.",
        "noted_next": "سيتواصل معك أحد الزملاء.",
        "noted_more": "عن ماذا أبحث لك؟",
        "not_noted_phone": "يبدو أن رقم الهاتف غير مكتمل. هل يمكنك التأكد منه؟",
        "not_noted_email": "يبدو أن البريد الإلكتروني غير صحيح. هل يمكنك التأكد منه؟",
        "not_noted": "لم أتمكن من حفظ ذلك الآن، لكن رسالتك وصلتنا.",
        "ask_name_phone": "هل لي باسمك ورقم هاتفك ليتابع معك أحد الزملاء؟",
        "ask_name_email": "هل لي باسمك وبريدك الإلكتروني ليتابع معك أحد الزملاء؟",
        "ask_name": "هل لي باسمك؟",
        "ask_phone": "هل لي برقم هاتفك ليتابع معك أحد الزملاء؟",
        "ask_email": "هل لي ببريدك الإلكتروني ليتابع معك أحد الزملاء؟",
        "phone": "رقم هاتفك",
        "email": "بريدك الإلكتروني",
        "phone_email": "رقم هاتفك وبريدك الإلكتروني",
        "out": "غير متوفر حاليًا",
        "in_stock": "المتوفر {stock}",
        "on_request": "السعر عند الطلب",
    },
}

FORMAL: dict[str, dict[str, str]] = {
    "en": {
        "hello": "Good day.",
        "greeting": "Good day, and welcome to {organization}. My name is {persona}. How may I assist you?",
        "thanks": "You are most welcome. May I assist you with anything else?",
        "help": "Certainly. Please tell me what you are looking for, or what you would like to know about {organization}.",
        "found_many": "Certainly. We can offer the following:",
        "found_one": "Certainly. We can offer the following:",
    },
    "ar": {
        "hello": "تحية طيبة.",
        "greeting": "تحية طيبة، ومرحبًا بكم في {organization}. معكم {persona}. كيف يمكنني خدمتكم؟",
        "thanks": "على الرحب والسعة. هل من خدمة أخرى أقدمها لكم؟",
        "found_many": "بكل سرور. نوفر لكم ما يلي:",
        "found_one": "بكل سرور. نوفر لكم ما يلي:",
    },
}
BRIEF: dict[str, dict[str, str]] = {
    "en": {
        "found_many": "We have:",
        "found_one": "We have:",
        "thanks": "You are welcome.",
        "greeting": "Hello, {persona} from {organization}. What do you need?",
    },
    "ar": {
        "found_many": "لدينا:",
        "found_one": "لدينا:",
        "thanks": "على الرحب والسعة.",
        "greeting": "أهلًا، معك {persona} من {organization}. ماذا تحتاج؟",
    },
}

PLAYFUL: dict[str, dict[str, str]] = {
    "en": {
        "hello": "Hey there!",
        "greeting": "Hey there, {persona} from {organization} here. What are we hunting for today?",
        "greeting_again": "Look who is back! What can I dig up for you?",
        "thanks": "Any time! Anything else I can dig up?",
        "goodbye": "Off you go, then. Come back and say hi!",
        "found_one": "Ta-da!",
        "found_many": "Ta-da! Have a look:",
        "found_more": "So many good ones. Three of them:",
        "closest": "Not exactly that, but these are close cousins:",
        "interested": "Does one of them wink at you?",
        "details_one": "Shall we get it to you, or do you want to know more about it first?",
        "bot": "I am {persona}, the virtual assistant of {organization}: no hands, good memory. A human can take over whenever you like.",
        "no": "No worries. I am here all day.",
    },
    "ar": {
        "thanks": "في أي وقت! هل أبحث لك عن شيء آخر؟",
        "found_one": "تفضل:",
        "found_many": "تفضل، ألق نظرة:",
    },
}

CURRENCIES_AR = {
    "SAR": "ريال", "AED": "درهم", "EGP": "جنيه", "USD": "دولار", "EUR": "يورو", "GBP": "جنيه إسترليني", "KWD": "دينار كويتي",
    "QAR": "ريال قطري", "OMR": "ريال عماني", "BHD": "دينار بحريني", "JOD": "دينار أردني", "MAD": "درهم مغربي", "TRY": "ليرة تركية",
}  # fmt: skip

#: Our own requests for contact details, recognized in what was written before.
ASKED = re.compile(r"May I have (?:your name|a phone|an email|your email)|leave your name|هل لي ب|اترك لنا اسمك")
OFFERED_HUMAN = re.compile(r"Would you like a colleague|هل تود أن .{0,40}أحد الزملاء")
CLARIFIED = re.compile(r"Could you tell me a little more|هل يمكنك أن توضح")


def say(key: str, lang: str, tone: str = "", /, **values: object) -> str:
    """The sentence for a key in a language, coloured by the tone the persona asks for."""
    style = style_of(tone)
    text = style.get(lang, {}).get(key) or TEXTS[lang][key]
    return text.format(**values)


def style_of(tone: str) -> dict[str, dict[str, str]]:
    lowered = tone.lower()
    if (
        any(word in lowered for word in ("formal", "professional", "courteous", "رسمي", "مهني"))
        and "informal" not in lowered
    ):
        return FORMAL
    if any(word in lowered for word in ("playful", "silly", "cheeky", "witty", "مرح")):
        return PLAYFUL
    if any(word in lowered for word in ("brief", "short", "concise", "direct", "مختصر", "موجز")):
        return BRIEF
    return {}


def money(price: Decimal, currency: str, lang: str) -> str:
    """149 SAR, 1,250.50 ريال: the exact figure, cents only where there are any."""
    places = max(-int(price.normalize().as_tuple().exponent), 0)
    places = 0 if places == 0 else max(places, 2)
    figure = f"{price:,.{places}f}"
    unit = CURRENCIES_AR.get(currency, currency) if lang == "ar" else currency
    return f"{figure} {unit}".strip()


def line(item: Item, lang: str, number: int | None = None) -> str:
    """One item: name, price, stock; nothing that is not in its row."""
    price = money(item.price, item.currency, lang) if item.price is not None else say("on_request", lang)
    parts = [price]
    if item.stock is not None:
        parts.append(say("in_stock", lang, stock=item.stock) if item.stock > 0 else say("out", lang))
    joined = ("، " if lang == "ar" else ", ").join(parts)
    head = f"{number}. " if number is not None else ""
    return f"{head}{item.called(lang)} — {joined}"


def listing(items: Sequence[Item], lang: str) -> str:
    if len(items) == 1:
        return line(items[0], lang)
    return "\n".join(line(item, lang, number) for number, item in enumerate(items, 1))
