//! The names that the demo's companies, people, products and notes are made of.

/// A country that companies come from.
pub(super) struct Country {
    /// ISO 3166 code, which VAT numbers start with as well.
    pub(super) code: &'static str,
    /// What a company there is paid in.
    pub(super) currency: &'static str,
    /// Telephone prefix.
    pub(super) dials: &'static str,
    /// A company's name: `{family}`, `{trade}` are replaced.
    pub(super) company: &'static str,
    pub(super) families: [&'static str; 8],
    pub(super) trades: [&'static str; 6],
    /// Cities with the first two digits of their postal codes.
    pub(super) cities: [(&'static str, u64); 6],
    pub(super) streets: [&'static str; 5],
}

pub(super) const COUNTRIES: [Country; 10] = [
    Country {
        code: "FI",
        currency: "EUR",
        dials: "+358",
        company: "{family} {trade} Oy",
        families: [
            "Mäkinen",
            "Virtanen",
            "Hämäläinen",
            "Öhman",
            "Räsänen",
            "Korhonen",
            "Jääskeläinen",
            "Aalto",
        ],
        trades: ["Konepaja", "Sähkö", "Rakennus", "Kuljetus", "LVI", "Metalli"],
        cities: [
            ("Helsinki", 0),
            ("Jyväskylä", 40),
            ("Tampere", 33),
            ("Hämeenlinna", 13),
            ("Oulu", 90),
            ("Vaasa", 65),
        ],
        streets: ["Pajatie", "Kauppakatu", "Satamakatu", "Teollisuustie", "Hämeentie"],
    },
    Country {
        code: "DE",
        currency: "EUR",
        dials: "+49",
        company: "{family} {trade} GmbH",
        families: ["Becker", "Müller", "Schäfer", "Vogt", "Köhler", "Weiß", "Özdemir", "Lange"],
        trades: ["Stahlbau", "Elektrotechnik", "Heizungsbau", "Maschinenbau", "Logistik", "Werkzeuge"],
        cities: [
            ("München", 80),
            ("Köln", 50),
            ("Düsseldorf", 40),
            ("Leipzig", 4),
            ("Würzburg", 97),
            ("Kiel", 24),
        ],
        streets: ["Industriestraße", "Hauptstraße", "Am Güterbahnhof", "Gewerbering", "Lindenweg"],
    },
    Country {
        code: "SE",
        currency: "SEK",
        dials: "+46",
        company: "{family} {trade} AB",
        families: ["Lindström", "Åkesson", "Sjöberg", "Nyström", "Bergqvist", "Öberg", "Hedlund", "Ström"],
        trades: ["Bygg", "Verkstad", "Plåt", "Måleri", "El", "Frakt"],
        cities: [
            ("Göteborg", 41),
            ("Malmö", 21),
            ("Örebro", 70),
            ("Umeå", 90),
            ("Västerås", 72),
            ("Luleå", 97),
        ],
        streets: ["Verkstadsgatan", "Hamngatan", "Skogsvägen", "Järnvägsgatan", "Björkvägen"],
    },
    Country {
        code: "FR",
        currency: "EUR",
        dials: "+33",
        company: "{family} {trade} SARL",
        families: ["Dubois", "Lefèvre", "Moreau", "Gérard", "Benoît", "Çelik", "Rousseau", "Noël"],
        trades: ["Électricité", "Menuiserie", "Plomberie", "Mécanique", "Transports", "Outillage"],
        cities: [
            ("Lyon", 69),
            ("Besançon", 25),
            ("Nîmes", 30),
            ("Saint-Étienne", 42),
            ("Orléans", 45),
            ("Brest", 29),
        ],
        streets: [
            "rue de l’Industrie",
            "avenue des Métiers",
            "rue du Port",
            "chemin des Prés",
            "quai de la Gare",
        ],
    },
    Country {
        code: "PL",
        currency: "PLN",
        dials: "+48",
        company: "{family} {trade} Sp. z o.o.",
        families: ["Kowalski", "Wójcik", "Zieliński", "Dąbrowska", "Łukasik", "Żak", "Szymański", "Pająk"],
        trades: ["Transport", "Budowa", "Hydraulika", "Metal", "Elektro", "Narzędzia"],
        cities: [
            ("Łódź", 90),
            ("Kraków", 30),
            ("Gdańsk", 80),
            ("Wrocław", 50),
            ("Poznań", 60),
            ("Rzeszów", 35),
        ],
        streets: ["ul. Fabryczna", "ul. Portowa", "ul. Długa", "al. Przemysłowa", "ul. Źródlana"],
    },
    Country {
        code: "GR",
        currency: "EUR",
        dials: "+30",
        company: "{family} {trade} Α.Ε.",
        families: [
            "Παπαδόπουλος",
            "Γεωργίου",
            "Νικολάου",
            "Αντωνίου",
            "Δημητρίου",
            "Κωνσταντίνου",
            "Ιωάννου",
            "Βασιλείου",
        ],
        trades: ["Μεταλλικά", "Ηλεκτρικά", "Κατασκευές", "Μεταφορές", "Υδραυλικά", "Εργαλεία"],
        cities: [
            ("Αθήνα", 10),
            ("Θεσσαλονίκη", 54),
            ("Πάτρα", 26),
            ("Ηράκλειο", 71),
            ("Λάρισα", 41),
            ("Βόλος", 38),
        ],
        streets: ["Οδός Εργοστασίου", "Λεωφόρος Λιμένος", "Οδός Ερμού", "Οδός Αθηνάς", "Οδός Ειρήνης"],
    },
    Country {
        code: "JP",
        currency: "JPY",
        dials: "+81",
        company: "株式会社{family}{trade}",
        families: ["山田", "佐藤", "鈴木", "高橋", "渡辺", "伊藤", "中村", "小林"],
        trades: ["製作所", "電機", "工業", "運輸", "設備", "工具"],
        cities: [("東京", 10), ("大阪", 53), ("名古屋", 45), ("札幌", 6), ("福岡", 81), ("仙台", 98)],
        streets: ["中央町", "港町", "本町", "工業団地", "駅前通"],
    },
    Country {
        code: "UA",
        currency: "UAH",
        dials: "+380",
        company: "ТОВ «{family} {trade}»",
        families: ["Шевченко", "Бондаренко", "Коваленко", "Ткачук", "Їжак", "Мельник", "Гончар", "Кравець"],
        trades: ["Буд", "Метал", "Електро", "Транс", "Тепло", "Інструмент"],
        cities: [("Київ", 1), ("Львів", 79), ("Одеса", 65), ("Харків", 61), ("Дніпро", 49), ("Чернівці", 58)],
        streets: ["вул. Заводська", "вул. Портова", "просп. Миру", "вул. Лісова", "вул. Ковальська"],
    },
    Country {
        code: "IS",
        currency: "ISK",
        dials: "+354",
        company: "{family} {trade} ehf.",
        families: [
            "Sigurðsson",
            "Þórarinsdóttir",
            "Jónsson",
            "Guðmundsson",
            "Ægisdóttir",
            "Óskarsson",
            "Ýrr",
            "Árnason",
        ],
        trades: ["Vélar", "Rafmagn", "Smiðja", "Flutningar", "Pípulagnir", "Verkfæri"],
        cities: [
            ("Reykjavík", 10),
            ("Akureyri", 60),
            ("Ísafjörður", 40),
            ("Hafnarfjörður", 22),
            ("Selfoss", 80),
            ("Höfn", 78),
        ],
        streets: ["Iðnaðargata", "Hafnarbraut", "Vesturgata", "Skólavegur", "Þingholtsstræti"],
    },
    Country {
        code: "GB",
        currency: "GBP",
        dials: "+44",
        company: "{family} {trade} Ltd",
        families: ["O'Brien", "Hughes", "MacLeod", "Whitaker", "Brontë", "Singh", "Ashworth", "Fitz-Gerald"],
        trades: ["Engineering", "Electrical", "Joinery", "Haulage", "Heating & Plumbing", "Tools"],
        cities: [
            ("Leeds", 15),
            ("Bristol", 12),
            ("Aberdeen", 24),
            ("Cardiff", 10),
            ("Belfast", 11),
            ("King's Lynn", 30),
        ],
        streets: ["Mill Lane", "Station Road", "Foundry Street", "St John's Way", "Dock Road"],
    },
];

/// A currency: code, name, symbol, digits behind the point, units for one euro.
pub(super) type Currency = (&'static str, &'static str, &'static str, i128, &'static str);

/// The last one is new at the source.
pub(super) const CURRENCIES: [Currency; 30] = [
    ("AED", "UAE dirham", "د.إ", 2, "4.2105"),
    ("AUD", "Australian dollar", "A$", 2, "1.7624"),
    ("BRL", "Brazilian real", "R$", 2, "6.3871"),
    ("CAD", "Canadian dollar", "C$", 2, "1.6033"),
    ("CHF", "Swiss franc", "CHF", 2, "0.9384"),
    ("CNY", "Chinese yuan", "¥", 2, "8.2146"),
    ("CZK", "Czech koruna", "Kč", 2, "24.8350"),
    ("DKK", "Danish krone", "kr", 2, "7.4601"),
    ("EUR", "Euro", "€", 2, "1.0000"),
    ("GBP", "Pound sterling", "£", 2, "0.8531"),
    ("HKD", "Hong Kong dollar", "HK$", 2, "8.9012"),
    ("HUF", "Hungarian forint", "Ft", 2, "402.8500"),
    ("ILS", "Israeli new shekel", "₪", 2, "4.0127"),
    ("INR", "Indian rupee", "₹", 2, "98.2640"),
    ("ISK", "Icelandic króna", "kr", 0, "142.3000"),
    ("JPY", "Japanese yen", "¥", 0, "163.2700"),
    ("KRW", "South Korean won", "₩", 0, "1571.8800"),
    ("KWD", "Kuwaiti dinar", "د.ك", 3, "0.3514"),
    ("MXN", "Mexican peso", "$", 2, "21.6433"),
    ("NOK", "Norwegian krone", "kr", 2, "11.5740"),
    ("NZD", "New Zealand dollar", "NZ$", 2, "1.9118"),
    ("PLN", "Polish złoty", "zł", 2, "4.2538"),
    ("RON", "Romanian leu", "lei", 2, "5.0611"),
    ("SEK", "Swedish krona", "kr", 2, "10.9215"),
    ("SGD", "Singapore dollar", "S$", 2, "1.4824"),
    ("THB", "Thai baht", "฿", 2, "37.4400"),
    ("TRY", "Turkish lira", "₺", 2, "46.1120"),
    ("UAH", "Ukrainian hryvnia", "₴", 2, "47.8030"),
    ("USD", "US dollar", "$", 2, "1.1466"),
    ("XCG", "Caribbean guilder", "Cg", 2, "2.0524"),
];

/// A currency that the source dropped and the target still has.
pub(super) const OLD_CURRENCY: Currency = ("HRK", "Croatian kuna", "kn", 2, "7.5345");

/// Terms of payment: name, days, discount in percent and its days.
pub(super) type Terms = (&'static str, i128, Option<(&'static str, i128)>);

pub(super) const TERMS: [Terms; 12] = [
    ("Prepayment", 0, None),
    ("Cash on delivery", 0, None),
    ("7 days net", 7, None),
    ("14 days net", 14, None),
    ("14 Tage netto, 2 % Skonto bei 7 Tagen", 14, Some(("2.00", 7))),
    ("21 päivää netto", 21, None),
    ("30 days net", 30, None),
    ("30 jours net, 2 % sous 8 jours", 30, Some(("2.00", 8))),
    ("30 days end of month", 30, None),
    ("45 days net", 45, None),
    ("60 days net, 3 % within 10 days", 60, Some(("3.00", 10))),
    ("90 days net", 90, None),
];

pub(super) const PEOPLE: [&str; 16] = [
    "Aino Laine",
    "Jürgen Weiß",
    "Åsa Lindqvist",
    "Éloïse Garnier",
    "Paweł Żak",
    "Ελένη Νικολάου",
    "田中 花子",
    "Олена Ткачук",
    "Guðrún Ýr Árnadóttir",
    "Sean O'Brien",
    "Zoë Fitz-Gerald",
    "Mehmet Özdemir",
    "José Núñez",
    "Nguyễn Thị Hoa",
    "יעל כהן",
    "Renée van den Berg",
];

/// Hours of work: name and price for an hour in cents.
pub(super) const WORK: [(&str, u64); 12] = [
    ("Installation", 6_900),
    ("Electrical installation", 7_800),
    ("Pipe fitting", 7_400),
    ("TIG welding, stainless", 8_900),
    ("MIG welding", 7_900),
    ("CNC turning", 9_600),
    ("CNC milling, 5 axes", 12_400),
    ("Surface grinding", 8_200),
    ("Painting, RAL colours", 6_400),
    ("Commissioning", 9_900),
    ("Dismantling", 5_900),
    ("Travel time", 4_500),
];

pub(super) const WORK_KINDS: [&str; 5] =
    ["in the workshop", "on site", "evening", "weekend", "emergency call-out"];

/// Materials: name, unit, price in cents, grams; sizes are appended.
pub(super) const MATERIALS: [(&str, &str, u64, u64); 20] = [
    ("Hex bolt", "pcs", 18, 24),
    ("Hex nut", "pcs", 6, 9),
    ("Washer, zinc-plated", "pcs", 3, 4),
    ("Threaded rod", "m", 240, 620),
    ("Copper pipe", "m", 890, 780),
    ("Elbow 90°, brass", "pcs", 410, 95),
    ("Ball valve ½\"", "pcs", 1_290, 310),
    ("Installation cable 3×1.5 mm²", "m", 92, 115),
    ("Circuit breaker B16", "pcs", 640, 120),
    ("LED panel 60×60 cm", "pcs", 3_490, 2_400),
    ("Sheet steel S235", "m²", 2_860, 15_700),
    ("Angle steel", "m", 610, 2_420),
    ("Ball bearing", "pcs", 870, 130),
    ("V-belt", "pcs", 1_240, 210),
    ("Hydraulic hose", "m", 1_820, 640),
    ("O-ring, NBR", "pcs", 35, 2),
    ("Cutting disc 125 mm", "pcs", 155, 80),
    ("Welding wire 0.8 mm", "kg", 980, 1_000),
    ("Two-component paint", "l", 2_150, 1_350),
    ("Rock wool 100 mm", "m²", 760, 3_200),
];

pub(super) const SIZES: [&str; 8] = ["M5", "M6", "M8×40", "M10×60", "Ø 15", "Ø 22", "40×40×4", "6204"];

pub(super) const FINISHES: [&str; 6] =
    ["zinc", "A2 stainless", "A4 stainless", "brass", "black", "galvanised"];

/// Services: name and price in cents.
pub(super) const SERVICES: [(&str, u64); 10] = [
    ("Annual boiler inspection", 18_900),
    ("Lift maintenance contract, month", 24_500),
    ("Fire alarm test", 13_900),
    ("Crane inspection", 42_000),
    ("Freight, domestic", 3_900),
    ("Freight, express", 8_900),
    ("Calibration with certificate", 16_500),
    ("Remote support, month", 9_900),
    ("Waste disposal fee", 2_500),
    ("Training day", 96_000),
];

pub(super) const SERVICE_LEVELS: [&str; 4] = ["basic", "standard", "plus", "24/7"];

/// What people write into an order, with everything that text can hold.
pub(super) const NOTES: [&str; 14] = [
    "Deliver to gate 3, ring the bell 🔔",
    "Bitte vorher anrufen – Frau Özdemir, Durchwahl 42",
    "Toimitus työmaalle, portti B.\nKysy Ainoa.",
    "Fragile!  Do not stack. ",
    "Livraison avant 10 h, l’accès est étroit",
    "Ring O'Brien \"the tall one\" on arrival",
    "Partial delivery is fine; rest by 50 % deposit",
    "Zahlung wie besprochen\tsiehe Angebot vom 3. d. M.",
    "Παράδοση στην αποθήκη 2",
    "納品書を二部同封してください",
    "Доставка після 14:00",
    "נא להתקשר לפני המשלוח",
    "Cafe\u{301} order, not café",
    "👷\u{200d}♀️ site manager signs",
];

pub(super) const STATUSES: [&str; 5] = ["open", "confirmed", "picked", "shipped", "invoiced"];
