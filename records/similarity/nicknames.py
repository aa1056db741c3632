"""First names that one person may be called by."""

# The long form first, then how people shorten it or say it elsewhere.
_GROUPS = """
    abraham abe bram; albert al bert bertie; alexander alex al sandy xander sasha alec
    aleksandr alejandro alexandra alex sandra sandy sasha lexi; alfred al alf fred alfie;
    alice ali; allison allie ali; amanda mandy; andrew andy drew andreas andre andrei; angela
    angie; ann anna anne annie nan anja; anthony tony antonio anton toni; archibald archie;
    arthur art artie; barbara barb barbie babs; beatrice bea trixie; benedict ben; benjamin
    ben benny benji; bernard bernie bernhard; bradley brad; brian bryan bryce; bridget biddy;
    caroline carrie carol karoline; catherine katherine kathryn katharine katharina cathy
    kathy kate katie kat kitty cat katja; charles charlie chuck carl karl carlos charley;
    charlotte lottie charlie; christina christine chris tina chrissy kristina kristin;
    christopher chris kit christoph topher kris; clifford cliff; cynthia cindy; daniel dan
    danny danilo; david dave davey davy; deborah deb debbie debra; dennis den denny; diana di
    diane; dominic dom nick; donald don donnie; dorothy dot dottie dolly; douglas doug; edward
    ed eddie ted teddy ned eduard eduardo; edwin ed eddie; eleanor ellie nell nora elena
    helen; elizabeth liz lizzie beth betty eliza lisa elsie libby bess elisabeth; emily em
    emma millie; eric erik rick; ernest ernie ernst; eugene gene; evelyn eve evie; florence
    flo; frances fran francie; francis frank francisco franz francesco franco; franklin frank;
    frederick fred freddie freddy fritz friedrich rick federico; gabriel gabe; gabrielle
    gabby; george georgie jorge georg jurgen; gerald gerry jerry gerd gerhard; geoffrey
    jeffrey geoff jeff; gilbert gil bert; gregory greg gregor; harold harry hal; harriet
    hattie; harry harrison; helen nell lena helena; henry hank hal harry heinrich enrique
    henri heinz; herbert bert herb; isaac ike; isabella isabel bella izzy belle; jack john
    jackson; jacob jake jakob; jacqueline jackie; james jim jimmy jamie jaime diego; jane
    jenny jan; janet jan; jason jay; jean john jeanne; jennifer jen jenny jenna; jeremy jerry
    jem; jerome jerry; jessica jess jessie; joan joanne joanna jo; john johnny jon jack johann
    johannes juan ivan jan hans giovanni jean ian sean; jonathan jon jonny john nathan; joseph
    joe joey jose josef pepe giuseppe jo; josephine jo josie; joshua josh; judith judy; julia
    julie jules juliana; kenneth ken kenny; kimberly kim; lawrence laurence larry lorenzo lars
    lorenz; leonard leo len lenny leonardo; leslie les; lewis louis lou luis luigi ludwig;
    lillian lily lil; linda lyn lindy; louise lou louisa; lucas luke lukas; lucy lucia;
    madeline maddie; margaret maggie meg peggy marge margie greta rita margarita margarete
    marguerite daisy madge; maria mary marie mia mariana; martha marty patty; martin marty
    martina; mary molly polly may maria; matthew matt matty matthias mateo matteo; maximilian
    max; maxwell max; megan meg; melissa mel missy; michael mike mick micky mikey mickey
    miguel michel mikhail michele misha; michelle shelly mickey; mildred millie; mitchell
    mitch; nancy nan; natalie nat natasha; nathan nate nat; nathaniel nate nathan nat;
    nicholas nick nicky nicolas nikolaus klaus nico niko nikolai; nicole nicky nikki; norman
    norm; oliver ollie olivier; olivia liv livvy; oscar ozzie; pamela pam; patricia pat patty
    patsy tricia trish; patrick pat paddy; paul pablo paolo pavel; penelope penny; peter pete
    petra pedro pietro pyotr pierre; philip phil pip felipe filip; priscilla cilla; rachel
    rae; ralph rafe; randall randy randolph; raymond ray ramon raimund; rebecca becky becca;
    reginald reg reggie; richard rick ricky rich dick richie ricardo; robert rob bob bobby
    robbie bert robin roberto; roderick rod; rodney rod; roger rodger hodge; ronald ron
    ronnie; rosemary rose rosie; roy leroy; rudolph rudy rolf; russell russ; ruth ruthie;
    samantha sam sammy; samuel sam sammy; sandra sandy; sarah sara sally sadie; sebastian seb
    bastian; sharon shari; shirley shirl; sidney sid; simon si; sophia sophie sofia; stanley
    stan; stephanie steph steffi; stephen steven steve stevie stefan stephan esteban stefano
    etienne; stuart stu; susan sue susie suzanne susanna susanne; sylvia syl; tabitha tabby;
    terence terry; theodore ted teddy theo; theresa terry tess tessa tracy teresa; thomas tom
    tommy tomas tommaso; timothy tim timmy; valerie val; veronica ronnie vera; victor vic
    viktor; victoria vicky tori vic; vincent vince vinnie vicente; violet vi; virginia ginny;
    vivian viv; walter walt wally; wilfred wilf fred; william bill billy will willy willie
    liam wilhelm guillermo guillaume willem guglielmo wim; winifred winnie; yvonne eve;
    zachary zach zack
    """


def _groups_of_each() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, names in enumerate(_GROUPS.split(";")):
        for name in names.split():
            found.setdefault(name, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}


# Name → the numbers of the groups in which it stands.
NICKNAMES = _groups_of_each()
