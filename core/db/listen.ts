import pg from 'pg'
export class ListenHub { url:string; c:any; hs=new Map<string,((p:string)=>void)[]>(); constructor(url:string,_l:any){this.url=url} get connected(){return !!this.c}
 async listen(ch:string,h:(p:string)=>void){ if(!this.c){this.c=new pg.Client(this.url);await this.c.connect();this.c.on('notification',(n:any)=>{for(const h of this.hs.get(n.channel)??[])h(n.payload)})} if(!this.hs.has(ch)){this.hs.set(ch,[]);await this.c.query(`listen "${ch}"`)} this.hs.get(ch)!.push(h); return async()=>{} }
 onGap(_f:any){return ()=>{}} async stop(){await this.c?.end();} }
